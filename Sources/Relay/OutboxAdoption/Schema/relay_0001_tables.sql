-- Relay schema version 1: what the relay keeps about one outbox, and the function that wakes it.
--
-- Written by the relay and outboxctl only. migrations/V0003__outbox_relay.sql makes the same for this project's own
-- outbox.

-- Whose checkpoint this is. One row. The identity columns are filled in by the first relay that starts; a later relay
-- that finds another system, database or timeline refuses to run, because transaction ids mean nothing there.
CREATE TABLE :"schema".relay (
    only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    outbox            text    NOT NULL,
    channel           text    NOT NULL,
    -- Advisory locks are (lock_class, leader_lock) and (lock_class, sleep_lock); the trigger names the latter.
    lock_class        integer NOT NULL,
    leader_lock       integer NOT NULL,
    sleep_lock        integer NOT NULL,
    -- Where the outbox is a ring of leaves: the sequence that names the current leaf, and the leaves in ring order.
    leaf_sequence     text,
    leaves            text[],
    system_identifier bigint,
    database_oid      bigint,
    timeline          integer
);
INSERT INTO :"schema".relay (outbox, channel, lock_class, leader_lock, sleep_lock)
VALUES (:'outbox', :'channel', :lock_class, 1, 2);

-- The checkpoint: one row in one of two twin tables. Every move makes a dead row, and a transaction held open elsewhere
-- keeps dead rows from being pruned; so after some thousand moves the row goes to the other twin and this one is
-- truncated. The relay addresses its row by ctid: no index to bloat, no chain of dead versions to walk.
CREATE TABLE :"schema".checkpoint_0 (
    -- Grows when a newer leader takes over; the checkpoint moves only for the current epoch.
    epoch           bigint      NOT NULL,
    -- The leader's name, for people.
    holder          text        NOT NULL,
    -- Counts the cuts that were taken.
    cut             bigint      NOT NULL,
    -- Every row visible in this snapshot is in Kafka, or held in the table held.
    published       pg_snapshot NOT NULL,
    -- The cut being published; committed before its first row is sent, finished before another is taken.
    draining        pg_snapshot,
    -- The rows of the cut with outbox_id up to this one have been acknowledged.
    drained_through bigint      NOT NULL,
    moved_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE :"schema".checkpoint_1 (LIKE :"schema".checkpoint_0 INCLUDING DEFAULTS);
INSERT INTO :"schema".checkpoint_0 (epoch, holder, cut, published, draining, drained_through)
VALUES (0, '', 0, '1:1:', NULL, 0);

CREATE VIEW :"schema".checkpoint AS
    SELECT 0 AS twin, * FROM :"schema".checkpoint_0
    UNION ALL
    SELECT 1 AS twin, * FROM :"schema".checkpoint_1;

-- Until when the leader's lease runs, in microseconds since 1970 by this server's clock. A sequence, because a row that
-- is renewed for ever would leave dead rows behind.
CREATE SEQUENCE :"schema".lease MINVALUE 0 START 0;
SELECT setval(format('%I.lease', :'schema')::regclass, 0);

-- Keys set aside because Kafka will not take one of their rows. Their rows wait in held until an operator decides.
CREATE TABLE :"schema".parked (
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
CREATE TABLE :"schema".held (
    hold_id        bigint GENERATED ALWAYS AS IDENTITY,
    outbox_id      bigint NOT NULL PRIMARY KEY,
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    -- Set when an operator skips the row: it is then dropped in its turn, unpublished.
    skipped        boolean NOT NULL DEFAULT false
);
-- Serves the release of one key: WHERE aggregate_type = $1 AND aggregate_id = $2 ORDER BY hold_id.
CREATE INDEX held_key ON :"schema".held (aggregate_type, aggregate_id, hold_id);

-- What was parked, released, skipped or rebased, by whom and why. Append-only.
CREATE TABLE :"schema".decision (
    decided_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    action         text        NOT NULL CHECK (action IN ('park', 'release', 'skip', 'rebase')),
    aggregate_type text,
    aggregate_id   text,
    outbox_id      bigint,
    decided_by     text        NOT NULL DEFAULT session_user,
    reason         text        NOT NULL
);

-- Called by the trigger that wakes a sleeping relay. A NOTIFY in every transaction would serialize all commits of the
-- database; two-phase writers, for whom NOTIFY is forbidden, run SET outbox_relay.wake = off.
CREATE FUNCTION :"schema".wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(:'channel', '');
    RETURN NULL;
END
$$;
