-- Relay schema version 4: what operators do besides releasing and skipping, and who does it.
--
-- Written by outboxctl and the console; the relay reads what concerns it. It needs nothing of an earlier
-- version but the tables of version 1, so its place among the versions does not matter. IF NOT EXISTS: a schema that has lost
-- its table of versions counts as one of version 1 or 2.

-- The caller is the name that a person or program gave; decided_by is the database role. The number gives decisions an
-- order and pages.
ALTER TABLE :"schema".decision
    ADD COLUMN IF NOT EXISTS decision_id bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN IF NOT EXISTS caller text,
    -- For an edit: {"before": {"payload": BASE64, "headers": {}}, "after": the same}.
    ADD COLUMN IF NOT EXISTS details jsonb,
    DROP CONSTRAINT IF EXISTS decision_action_check,
    ADD CONSTRAINT decision_action_check
        CHECK (action IN ('park', 'release', 'skip', 'edit', 'pause', 'resume', 'replay', 'rebuild', 'rebase'));
-- Serves the list of decisions: WHERE decision_id < $1 ORDER BY decision_id DESC LIMIT n.
CREATE INDEX IF NOT EXISTS decision_id ON :"schema".decision (decision_id);

-- An edited row is published with this payload and these headers instead of those of the outbox, which is never changed.
ALTER TABLE :"schema".held
    ADD COLUMN IF NOT EXISTS edited boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS payload bytea,
    ADD COLUMN IF NOT EXISTS headers jsonb;

-- A paused relay leads, renews its lease and publishes nothing. The leader looks at it with each renewal.
ALTER TABLE :"schema".relay
    ADD COLUMN IF NOT EXISTS paused_at timestamptz,
    ADD COLUMN IF NOT EXISTS paused_by text,
    ADD COLUMN IF NOT EXISTS pause_reason text;

-- Serves the list of parked keys, oldest first: ORDER BY parked_at, aggregate_type, aggregate_id LIMIT n.
CREATE INDEX IF NOT EXISTS parked_at ON :"schema".parked (parked_at, aggregate_type, aggregate_id);

-- Rows that are published again: each is copied into the outbox with the header outbox_replay, and the relay publishes
-- the copies in their order like other rows.
CREATE TABLE IF NOT EXISTS :"schema".replay (
    replay_id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The rows that are meant: published ones with ids in this range that meet every condition that is not NULL.
    from_id         bigint      NOT NULL,
    to_id           bigint      NOT NULL,
    since           timestamptz,
    until           timestamptz,
    aggregate_type  text,
    aggregate_id    text,
    rows_per_second integer     NOT NULL CHECK (rows_per_second BETWEEN 1 AND 100000),
    asked_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    caller          text,
    reason          text        NOT NULL,
    -- Rows with ids up to this one are copied, or not meant.
    done_through    bigint      NOT NULL,
    copied          bigint      NOT NULL DEFAULT 0,
    stop_asked_at   timestamptz,
    ended_at        timestamptz
);

-- Copies the rows of a replay, chunk by chunk, each in a transaction of its own. It runs in the server: a client that
-- goes away does not stop it, stop_asked_at does. Called again after a crash it goes on where it was.
CREATE OR REPLACE PROCEDURE :"schema".run_replay(replay bigint) LANGUAGE plpgsql AS $$
DECLARE
    job        :"schema".replay;
    chunk_rows integer;
    last_id    bigint;
    copies     bigint;
    began      timestamptz;
BEGIN
    LOOP
        began := clock_timestamp();
        SELECT * INTO job FROM :"schema".replay WHERE replay_id = replay FOR UPDATE;
        EXIT WHEN job.replay_id IS NULL OR job.ended_at IS NOT NULL;
        IF job.stop_asked_at IS NOT NULL THEN
            UPDATE :"schema".replay SET ended_at = clock_timestamp() WHERE replay_id = replay;
            EXIT;
        END IF;
        -- Five chunks a second: the backlog stays small, and live rows come between.
        chunk_rows := greatest(1, least(1000, job.rows_per_second / 5));
        WITH scanned AS MATERIALIZED (
            SELECT outbox_id FROM :"schema".source
            WHERE outbox_id > job.done_through AND outbox_id <= job.to_id ORDER BY outbox_id LIMIT chunk_rows
        ), copied AS (
            INSERT INTO :"schema".source
                (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload, headers)
            SELECT o.event_id, o.aggregate_type, o.aggregate_id, o.sequence_number, o.event_type, o.payload,
                   coalesce(o.headers, '{}') || jsonb_build_object('outbox_replay', replay::text)
            FROM scanned
            CROSS JOIN LATERAL (SELECT * FROM :"schema".source WHERE outbox_id = scanned.outbox_id OFFSET 0) AS o
            WHERE (job.since IS NULL OR o.created_at >= job.since) AND (job.until IS NULL OR o.created_at < job.until)
              AND (job.aggregate_type IS NULL OR o.aggregate_type = job.aggregate_type)
              AND (job.aggregate_id IS NULL OR o.aggregate_id = job.aggregate_id)
              AND NOT coalesce(o.headers, '{}') ? 'outbox_replay'
              AND NOT EXISTS (SELECT FROM :"schema".held AS h WHERE h.outbox_id = o.outbox_id)
              AND pg_visible_in_snapshot(
                  o.transaction_id, (SELECT published FROM :"schema".checkpoint ORDER BY epoch DESC LIMIT 1))
            ORDER BY o.outbox_id
            RETURNING 1
        )
        SELECT (SELECT max(outbox_id) FROM scanned), (SELECT count(*) FROM copied) INTO last_id, copies;
        UPDATE :"schema".replay AS r
        SET done_through = coalesce(last_id, r.to_id), copied = r.copied + copies,
            ended_at = CASE WHEN last_id IS NULL OR last_id >= r.to_id THEN clock_timestamp() END
        WHERE r.replay_id = replay;
        COMMIT;
        PERFORM pg_sleep(greatest(0, copies::float / job.rows_per_second
                                     - extract(epoch FROM clock_timestamp() - began)));
    END LOOP;
END
$$;
