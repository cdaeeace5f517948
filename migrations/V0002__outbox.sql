-- V0002 outbox: the rows that wait to be forwarded to Kafka.
--
-- Written by: the event store, in the transaction that appends the events; and by anybody else with plain SQL, naming
-- only aggregate_type, aggregate_id, sequence_number, event_type and payload. Read by: outbox-relay, which never
-- updates or deletes a row here.
--
-- The table is a ring of leaves. Published rows leave by TRUNCATE of a whole leaf: deleting them one by one would bloat
-- the indexes the relay reads, and DETACH waits behind writers. New rows go to the leaf that the sequence outbox_leaf
-- names; the relay moves it to an empty leaf when it is time, so an insert never fails for want of a leaf. Every leaf
-- exists from the start. There is no primary key on the parent because it would have to contain the leaf; outbox_id is
-- unique all the same, being GENERATED ALWAYS from one sequence.

CREATE SEQUENCE outbox_leaf MINVALUE 0 MAXVALUE 5 START 0;
SELECT setval('outbox_leaf', 0);
COMMENT ON SEQUENCE outbox_leaf IS 'The leaf of outbox that takes new rows. Moved by the relay, read by every insert.';

CREATE TABLE outbox (
    -- CACHE 1: with a larger cache two sessions draw ids in an order that is not the order of their inserts.
    outbox_id       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY (CACHE 1),
    -- The transaction that wrote the row; the relay compares it with snapshots. Writers must not name it.
    transaction_id  xid8        NOT NULL DEFAULT pg_current_xact_id(),
    event_id        uuid        NOT NULL DEFAULT gen_random_uuid(),
    aggregate_type  text        NOT NULL CHECK (aggregate_type <> ''),
    aggregate_id    text        NOT NULL,
    sequence_number bigint      NOT NULL CHECK (sequence_number >= 0),
    event_type      text        NOT NULL CHECK (event_type <> ''),
    payload         bytea       NOT NULL,
    -- Extra Kafka headers, an object of strings, for example {"traceparent": "00-..."}.
    headers         jsonb       CHECK (headers IS NULL OR jsonb_typeof(headers) = 'object'),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- pg_sequence_last_value reads the current leaf without a subquery; measured, it costs an insert nothing visible.
    leaf            smallint    NOT NULL DEFAULT pg_sequence_last_value('outbox_leaf'::regclass)
) PARTITION BY LIST (leaf);

CREATE TABLE outbox_0 PARTITION OF outbox FOR VALUES IN (0);
CREATE TABLE outbox_1 PARTITION OF outbox FOR VALUES IN (1);
CREATE TABLE outbox_2 PARTITION OF outbox FOR VALUES IN (2);
CREATE TABLE outbox_3 PARTITION OF outbox FOR VALUES IN (3);
CREATE TABLE outbox_4 PARTITION OF outbox FOR VALUES IN (4);
CREATE TABLE outbox_5 PARTITION OF outbox FOR VALUES IN (5);

-- Serves the relay's chunks of a backlog: WHERE outbox_id > $1 ORDER BY outbox_id LIMIT n.
CREATE INDEX outbox_outbox_id ON outbox (outbox_id);
-- Serves the relay's fresh cuts (transaction_id >= $1) and its late transactions (transaction_id = $1 ORDER BY outbox_id).
CREATE INDEX outbox_transaction_id ON outbox (transaction_id, outbox_id);

-- Every writer's default reads it; that it exists is no secret.
GRANT SELECT ON SEQUENCE outbox_leaf TO PUBLIC;
