-- V0001 event store: what happened to each order, and the keys that make a command idempotent.
--
-- Written by: the event store, in one transaction with the outbox rows of the same events. Read by: the event store, to
-- fold an order's state; the projector and payments, to heal what Kafka no longer has. Nothing updates or deletes events.

CREATE TABLE event (
    event_id        uuid        NOT NULL,
    -- COLLATE "C": identifiers are compared byte by byte, which makes the primary key cheaper and its order the writers'.
    aggregate_id    text        NOT NULL COLLATE "C" CHECK (char_length(aggregate_id) BETWEEN 1 AND 255),
    -- From 0, without gaps; the primary key decides which of two writers of one number wins.
    sequence_number bigint      NOT NULL CHECK (sequence_number >= 0),
    aggregate_type  text        NOT NULL,
    event_type      text        NOT NULL,
    -- The serialized protobuf message that event_type names, see proto/orders/v1/events.proto.
    event_data      bytea       NOT NULL,
    -- What came with the command, an object of strings such as {"traceparent": "00-..."}; the outbox row carries it on.
    headers         jsonb,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Serves every load: WHERE aggregate_id = ANY($1).
    PRIMARY KEY (aggregate_id, sequence_number)
);

-- The answers to commands that came with an idempotency key; kept for 24 hours.
CREATE TABLE idempotency_key (
    key             text        NOT NULL COLLATE "C" PRIMARY KEY CHECK (char_length(key) BETWEEN 1 AND 255),
    -- SHA-256 of the command, or whatever else tells two commands with the same key apart.
    request_hash    bytea       NOT NULL,
    -- The event that the command appended: tells whether a row is one's own when the outcome of a commit is unknown.
    event_id        uuid        NOT NULL,
    order_id        text        NOT NULL,
    order_version   bigint      NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Serves the cleanup: WHERE created_at < $1 ORDER BY created_at LIMIT n.
CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at);
