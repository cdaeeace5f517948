-- V0003 outbox_relay: what the relay keeps about the outbox, how writers wake it, and what operators look at.
--
-- Written by outbox-relay and outboxctl only. Writers of the outbox never touch this schema; the trigger below runs in
-- their transactions, and all it does unless the relay is asleep is to try a shared advisory lock.

CREATE SCHEMA outbox_relay;

-- Who this checkpoint belongs to. One row. The identity columns are filled in by the first relay that starts; a later
-- relay that finds another system, database or timeline refuses to run, because transaction ids mean nothing there.
CREATE TABLE outbox_relay.relay (
    only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    outbox            text    NOT NULL,
    channel           text    NOT NULL,
    -- Advisory locks are (lock_class, leader_lock) and (lock_class, sleep_lock); the trigger names the latter.
    lock_class        integer NOT NULL,
    leader_lock       integer NOT NULL,
    sleep_lock        integer NOT NULL,
    -- Where the outbox is a ring of leaves: the sequence that names the current one, and the leaves in ring order.
    leaf_sequence     text,
    leaves            text[],
    system_identifier bigint,
    database_oid      bigint,
    timeline          integer
);
INSERT INTO outbox_relay.relay (outbox, channel, lock_class, leader_lock, sleep_lock, leaf_sequence, leaves)
VALUES ('public.outbox', 'outbox_relay', 1869968482, 1, 2, 'public.outbox_leaf',
        '{public.outbox_0,public.outbox_1,public.outbox_2,public.outbox_3,public.outbox_4,public.outbox_5}');

-- What the relay reads: the outbox under the names the relay knows. A table of another shape is mapped here.
CREATE VIEW outbox_relay.source AS
    SELECT outbox_id, transaction_id, event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload,
           headers, created_at
    FROM outbox;

-- The checkpoint: one row in one of two twin tables. Every move makes a dead row, and a transaction held open elsewhere
-- keeps dead rows from being pruned; so after some thousand moves the row goes to the other twin and this one is
-- truncated. The relay addresses its row by ctid: no index to bloat, no chain of dead versions to walk.
CREATE TABLE outbox_relay.checkpoint_0 (
    -- Grows when a newer leader takes over; the checkpoint moves only for the current epoch.
    epoch           bigint      NOT NULL,
    -- Who leads, for people.
    holder          text        NOT NULL,
    -- Counts the cuts that were taken.
    cut             bigint      NOT NULL,
    -- Every row visible in this snapshot is in Kafka, or held in outbox_relay.held.
    published       pg_snapshot NOT NULL,
    -- The cut being published; committed before its first row is sent, finished before another is taken.
    draining        pg_snapshot,
    -- The rows of the cut with outbox_id up to this one have been acknowledged.
    drained_through bigint      NOT NULL,
    moved_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE outbox_relay.checkpoint_1 (LIKE outbox_relay.checkpoint_0 INCLUDING DEFAULTS);
INSERT INTO outbox_relay.checkpoint_0 (epoch, holder, cut, published, draining, drained_through)
VALUES (0, '', 0, '1:1:', NULL, 0);

CREATE VIEW outbox_relay.checkpoint AS
    SELECT 0 AS twin, * FROM outbox_relay.checkpoint_0
    UNION ALL
    SELECT 1 AS twin, * FROM outbox_relay.checkpoint_1;

-- Until when the leader's lease runs, in microseconds since 1970 by this server's clock. A sequence, because renewing a
-- row once in a while for ever would leave dead rows behind.
CREATE SEQUENCE outbox_relay.lease MINVALUE 0 START 0;
SELECT setval('outbox_relay.lease', 0);

-- Keys set aside because Kafka will not take one of their rows. Their rows wait in held until an operator decides.
CREATE TABLE outbox_relay.parked (
    aggregate_type   text        NOT NULL,
    aggregate_id     text        NOT NULL,
    outbox_id        bigint      NOT NULL,
    error            text        NOT NULL,
    parked_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Set by outboxctl; the relay then publishes the key's held rows and forgets the key.
    release_asked_at timestamptz,
    PRIMARY KEY (aggregate_type, aggregate_id)
);

-- The rows of parked keys, in the order in which they are to be published.
CREATE TABLE outbox_relay.held (
    hold_id        bigint GENERATED ALWAYS AS IDENTITY,
    outbox_id      bigint NOT NULL PRIMARY KEY,
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    -- Set when an operator skips the row: it is then dropped in its turn, unpublished.
    skipped        boolean NOT NULL DEFAULT false
);
-- Serves the release of one key: WHERE aggregate_type = $1 AND aggregate_id = $2 ORDER BY hold_id.
CREATE INDEX held_key ON outbox_relay.held (aggregate_type, aggregate_id, hold_id);

-- What was parked, released, skipped or rebased, by whom and why. Append-only.
CREATE TABLE outbox_relay.decision (
    decided_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    action         text        NOT NULL CHECK (action IN ('park', 'release', 'skip', 'rebase')),
    aggregate_type text,
    aggregate_id   text,
    outbox_id      bigint,
    decided_by     text        NOT NULL DEFAULT session_user,
    reason         text        NOT NULL
);

-- Waking. While the relay sleeps it holds the sleep lock exclusively, so the try fails and the statement notifies. While
-- it is awake, or there is none, the try succeeds and costs no more than a lock table entry. A NOTIFY in every
-- transaction would serialize all commits of the database. Two-phase writers, for whom NOTIFY is forbidden, run
-- SET outbox_relay.wake = off; their rows are found at the poll ceiling.
CREATE FUNCTION outbox_relay.wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outbox_relay', '');
    RETURN NULL;
END
$$;

CREATE TRIGGER outbox_wake AFTER INSERT ON outbox FOR EACH STATEMENT
    WHEN (CASE WHEN current_setting('outbox_relay.wake', true) = 'off' THEN false
               ELSE NOT pg_try_advisory_xact_lock_shared(1869968482, 2) END)
    EXECUTE FUNCTION outbox_relay.wake();

-- For operators: what waits, for how long.
CREATE VIEW outbox_state AS
    WITH checkpoint AS MATERIALIZED (
        SELECT published, draining, drained_through,
               pg_snapshot_xmax(published) AS xmax,
               ARRAY(SELECT pg_snapshot_xip(published)) AS xip
        FROM outbox_relay.checkpoint
    ), waiting AS (
        -- Two arms, each an index scan by transaction_id: what was published long ago is not looked at. ORDER BY makes the
        -- planner prefer the index although it cannot know how few rows there are.
        SELECT o.outbox_id, o.created_at
        FROM checkpoint c
        CROSS JOIN LATERAL (
            (SELECT outbox_id, created_at, transaction_id FROM outbox WHERE transaction_id >= c.xmax
             ORDER BY transaction_id OFFSET 0)
            UNION ALL
            SELECT late.* FROM unnest(c.xip) AS x
            CROSS JOIN LATERAL (SELECT outbox_id, created_at, transaction_id FROM outbox WHERE transaction_id = x
                                ORDER BY transaction_id OFFSET 0) AS late
        ) AS o
        WHERE NOT (c.draining IS NOT NULL AND o.outbox_id <= c.drained_through
                   AND pg_visible_in_snapshot(o.transaction_id, c.draining))
    )
    SELECT (SELECT count(*) FROM waiting)                                  AS unpublished_rows,
           (SELECT clock_timestamp() - min(created_at) FROM waiting)       AS oldest_unpublished_age,
           (SELECT min(outbox_id) FROM waiting)                            AS oldest_unpublished_id,
           (SELECT count(*) FROM outbox_relay.parked)                      AS parked_keys,
           (SELECT count(*) FROM outbox_relay.held)                        AS held_rows,
           (SELECT sum(pg_total_relation_size(leaf::regclass))::bigint
            FROM outbox_relay.relay, unnest(leaves) AS leaf)               AS bytes_on_disk,
           (SELECT created_at FROM outbox ORDER BY outbox_id LIMIT 1)      AS oldest_row_at,
           pg_sequence_last_value('outbox_leaf'::regclass)                 AS current_leaf;

-- For operators: who publishes, is it alive, asleep, and where is it.
CREATE VIEW relay_state AS
    SELECT c.holder AS leader,
           c.epoch,
           l.last_value > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS lease_is_valid,
           to_timestamp(l.last_value / 1000000.0) AS lease_until,
           EXISTS (SELECT FROM pg_locks p
                   WHERE p.locktype = 'advisory' AND p.classid::bigint = r.lock_class AND p.objid::bigint = r.sleep_lock
                     AND p.objsubid = 2 AND p.mode = 'ExclusiveLock' AND p.granted
                     AND p.database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS is_asleep,
           c.cut,
           c.draining IS NOT NULL AS is_draining,
           c.drained_through,
           c.published,
           c.draining,
           c.moved_at
    FROM outbox_relay.checkpoint c, outbox_relay.lease l, outbox_relay.relay r;

COMMENT ON VIEW outbox_state IS 'What waits in the outbox, for how long, and what is parked.';
COMMENT ON VIEW relay_state IS 'Which relay leads, whether its lease is valid, whether it sleeps, how far it is.';
