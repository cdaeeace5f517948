-- What the first release of adopting printed, for the same table as adopted-unversioned.sql: no time of the next try
-- for parked keys, and views that read the whole table and have a column less of today's names. Kept as it was.

-- 1. Columns that new rows fill in by themselves; no rewrite, a lock of milliseconds
BEGIN;
SET LOCAL lock_timeout = 500;
CREATE SCHEMA IF NOT EXISTS "outbox_relay";
CREATE SEQUENCE IF NOT EXISTS "outbox_relay".outbox_id CACHE 1 START 1099511627776;
GRANT USAGE ON SEQUENCE "outbox_relay".outbox_id TO PUBLIC;
ALTER TABLE app.outbox ADD COLUMN outbox_id bigint;
ALTER TABLE app.outbox ADD COLUMN transaction_id xid8;
ALTER TABLE app.outbox ALTER COLUMN outbox_id SET DEFAULT nextval('"outbox_relay".outbox_id');
ALTER TABLE app.outbox ALTER COLUMN transaction_id SET DEFAULT pg_current_xact_id();
COMMIT;

-- 2. An index the relay reads by; writers go on meanwhile
CREATE INDEX CONCURRENTLY "outbox_relay_outbox_id" ON app.outbox ("outbox_id");

-- 3. An index the relay reads by; writers go on meanwhile
CREATE INDEX CONCURRENTLY "outbox_relay_transaction_id" ON app.outbox ("transaction_id", "outbox_id");

-- 4. The order of existing rows
CREATE INDEX CONCURRENTLY "outbox_relay_existing" ON app.outbox ("created_at") WHERE "transaction_id" IS NULL;

-- 5. Existing rows get their numbers, 8000 at a time
DO $adopt$
DECLARE
    last bigint;
    done bigint;
BEGIN
    LOOP
        SELECT coalesce(max("outbox_id"), 0) INTO last FROM app.outbox WHERE "outbox_id" < 1099511627776;
        WITH batch AS MATERIALIZED (
            SELECT ctid AS place, "created_at" AS rank FROM app.outbox WHERE "transaction_id" IS NULL
            ORDER BY "created_at" LIMIT 8000 FOR UPDATE
        ), numbered AS (
            SELECT place, last + row_number() OVER (ORDER BY rank, place) AS number FROM batch
        )
        UPDATE app.outbox AS t SET "outbox_id" = coalesce("outbox_id", numbered.number), "transaction_id" = '3'
        FROM numbered WHERE t.ctid = numbered.place;
        GET DIAGNOSTICS done = ROW_COUNT;
        EXIT WHEN done = 0;
        COMMIT;
    END LOOP;
END
$adopt$;

-- 6. No longer needed
DROP INDEX CONCURRENTLY IF EXISTS app."outbox_relay_existing";

-- 7. A new row that names NULL for these columns is refused, not lost
BEGIN;
SET LOCAL lock_timeout = 500;
ALTER TABLE app.outbox ADD CONSTRAINT "outbox_relay_numbered" CHECK ("outbox_id" IS NOT NULL AND "transaction_id" IS NOT NULL) NOT VALID;
COMMIT;

-- 8. The relay's own schema, and the trigger that wakes it
BEGIN;
SET LOCAL lock_timeout = 500;
CREATE SCHEMA IF NOT EXISTS "outbox_relay";

CREATE TABLE "outbox_relay".relay (
    only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    outbox            text    NOT NULL,
    channel           text    NOT NULL,
    lock_class        integer NOT NULL,
    leader_lock       integer NOT NULL,
    sleep_lock        integer NOT NULL,
    leaf_sequence     text,
    leaves            text[],
    system_identifier bigint,
    database_oid      bigint,
    timeline          integer
);
INSERT INTO "outbox_relay".relay (outbox, channel, lock_class, leader_lock, sleep_lock)
VALUES ('app.outbox', 'outbox_relay', 1241097306, 1, 2);

CREATE OR REPLACE VIEW "outbox_relay".source AS
    SELECT "outbox_id" AS outbox_id,
           "transaction_id" AS transaction_id,
           "id" AS event_id,
           "aggregatetype"::text AS aggregate_type,
           "aggregateid"::text AS aggregate_id,
           "version"::bigint AS sequence_number,
           "type"::text AS event_type,
           convert_to("payload"::text, 'UTF8') AS payload,
           NULL::jsonb AS headers,
           CASE WHEN isfinite("created_at") THEN "created_at" ELSE now() END AS created_at
    FROM app.outbox;
COMMENT ON VIEW "outbox_relay".source IS 'outbox_id=outbox_id, transaction_id=transaction_id, event_id=id, aggregate_type=aggregatetype, aggregate_id=aggregateid, sequence_number=version, event_type=type, payload=payload, created_at=created_at';

CREATE TABLE "outbox_relay".checkpoint_0 (
    epoch           bigint      NOT NULL,
    holder          text        NOT NULL,
    cut             bigint      NOT NULL,
    published       pg_snapshot NOT NULL,
    draining        pg_snapshot,
    drained_through bigint      NOT NULL,
    moved_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE "outbox_relay".checkpoint_1 (LIKE "outbox_relay".checkpoint_0 INCLUDING DEFAULTS);
INSERT INTO "outbox_relay".checkpoint_0 (epoch, holder, cut, published, draining, drained_through)
VALUES (0, '', 0, '1:1:', NULL, 0);
CREATE VIEW "outbox_relay".checkpoint AS
    SELECT 0 AS twin, * FROM "outbox_relay".checkpoint_0
    UNION ALL
    SELECT 1 AS twin, * FROM "outbox_relay".checkpoint_1;
CREATE SEQUENCE "outbox_relay".lease MINVALUE 0 START 0;
SELECT setval('"outbox_relay".lease', 0);

CREATE TABLE "outbox_relay".parked (
    aggregate_type   text        NOT NULL,
    aggregate_id     text        NOT NULL,
    outbox_id        bigint      NOT NULL,
    error            text        NOT NULL,
    parked_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    release_asked_at timestamptz,
    PRIMARY KEY (aggregate_type, aggregate_id)
);
CREATE TABLE "outbox_relay".held (
    hold_id        bigint GENERATED ALWAYS AS IDENTITY,
    outbox_id      bigint NOT NULL PRIMARY KEY,
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    skipped        boolean NOT NULL DEFAULT false
);
CREATE INDEX held_key ON "outbox_relay".held (aggregate_type, aggregate_id, hold_id);

CREATE TABLE "outbox_relay".decision (
    decided_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    action         text        NOT NULL CHECK (action IN ('park', 'release', 'skip', 'rebase')),
    aggregate_type text,
    aggregate_id   text,
    outbox_id      bigint,
    decided_by     text        NOT NULL DEFAULT session_user,
    reason         text        NOT NULL
);

CREATE FUNCTION "outbox_relay".wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outbox_relay', '');
    RETURN NULL;
END
$$;

CREATE TRIGGER "outbox_relay_wake" AFTER INSERT ON app.outbox FOR EACH STATEMENT
    WHEN (CASE WHEN current_setting('outbox_relay.wake', true) = 'off' THEN false
               ELSE NOT pg_try_advisory_xact_lock_shared(1241097306, 2) END)
    EXECUTE FUNCTION "outbox_relay".wake();

CREATE VIEW "outbox_relay".outbox_state AS
    WITH checkpoint AS MATERIALIZED (
        SELECT published, draining, drained_through,
               pg_snapshot_xmax(published) AS xmax,
               ARRAY(SELECT pg_snapshot_xip(published)) AS xip
        FROM "outbox_relay".checkpoint
    ), waiting AS (
        SELECT o.outbox_id, o.created_at
        FROM checkpoint c, "outbox_relay".source o
        WHERE (o.transaction_id >= c.xmax OR o.transaction_id = ANY (c.xip))
          AND NOT (c.draining IS NOT NULL AND o.outbox_id <= c.drained_through
                   AND pg_visible_in_snapshot(o.transaction_id, c.draining))
    )
    SELECT (SELECT count(*) FROM waiting)                                  AS unpublished_rows,
           (SELECT clock_timestamp() - min(created_at) FROM waiting)       AS oldest_unpublished_age,
           (SELECT min(outbox_id) FROM waiting)                            AS oldest_unpublished_id,
           (SELECT count(*) FROM "outbox_relay".parked)                      AS parked_keys,
           (SELECT count(*) FROM "outbox_relay".held)                        AS held_rows,
           (SELECT count(*) FROM "outbox_relay".source)                      AS rows_in_table,
           (SELECT min(created_at) FROM "outbox_relay".source)               AS oldest_row_at;

CREATE VIEW "outbox_relay".relay_state AS
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
    FROM "outbox_relay".checkpoint c, "outbox_relay".lease l, "outbox_relay".relay r;
COMMIT;
