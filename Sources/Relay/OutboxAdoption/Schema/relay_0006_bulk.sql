-- Relay schema version 6: decisions about many parked keys at once, done by the server.
--
-- Written by outboxctl and the console; read by operators. IF NOT EXISTS and OR REPLACE: as in version 4.

-- One row for each; the row of one that is over is its receipt.
CREATE TABLE IF NOT EXISTS :"schema".bulk (
    bulk_id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    action         text        NOT NULL CHECK (action IN ('release', 'skip', 'edit')),
    -- Which keys are meant, see parked_matches; those that are parked later are not.
    filter         jsonb       NOT NULL,
    -- Which rows of each key a skip or an edit is about: the one that Kafka refused, or all that are held.
    rows_meant     text        NOT NULL DEFAULT 'refused' CHECK (rows_meant IN ('refused', 'all')),
    -- For an edit: headers to set, an object of strings, and names of headers to remove.
    set_headers    jsonb       NOT NULL DEFAULT '{}',
    remove_headers text[]      NOT NULL DEFAULT '{}',
    asked_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    caller         text,
    reason         text        NOT NULL,
    -- Keys that matched when it was asked for, counted up to a bound.
    total_keys     bigint      NOT NULL,
    -- Keys up to this one, in the order of type and id, are done.
    done_type      text        NOT NULL DEFAULT '',
    done_id        text        NOT NULL DEFAULT '',
    keys           bigint      NOT NULL DEFAULT 0,
    rows           bigint      NOT NULL DEFAULT 0,
    -- Keys that could not be changed: they are being released, or one of their rows cannot be read. And the last reason.
    passed_over    bigint      NOT NULL DEFAULT 0,
    fault          text,
    -- Between these are the decisions of its keys; their details name the bulk_id.
    first_decision bigint,
    last_decision  bigint,
    stop_asked_at  timestamptz,
    ended_at       timestamptz
);

-- The topic of a row, by the relay's RELAY_TOPIC.
CREATE OR REPLACE FUNCTION :"schema".topic_of(template text, aggregate_type text, event_type text, headers jsonb)
RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    name  text;
    topic text := template;
BEGIN
    FOR name IN SELECT (regexp_matches(template, '\{header\.([^}]+)\}', 'g'))[1] LOOP
        topic := replace(topic, '{header.' || name || '}', coalesce(headers ->> name, ''));
    END LOOP;
    RETURN replace(replace(topic, '{aggregate_type}', aggregate_type), '{event_type}', coalesce(event_type, ''));
END
$$;

-- Whether a refused row has the event type and the topic of a filter.
CREATE OR REPLACE FUNCTION :"schema".refused_matches(refused bigint, f jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM :"schema".source AS s LEFT JOIN :"schema".held AS h ON h.outbox_id = s.outbox_id
        WHERE s.outbox_id = refused AND coalesce(s.event_type = f ->> 'event_type', f ->> 'event_type' IS NULL)
          AND (f ->> 'topic' IS NULL
               OR :"schema".topic_of(f ->> 'topics', s.aggregate_type, s.event_type,
                                     CASE WHEN h.edited THEN h.headers ELSE s.headers END) = f ->> 'topic'))
$$;

-- Whether a parked key is meant by a filter: {"aggregate_type", "aggregate_id", "error_contains" (in either case),
-- "parked_since", "parked_before", "event_type", "topic" and "topics" (RELAY_TOPIC)}, each of which may be left out. Without a
-- subquery, so that it is put into the statements that call it and an index by key or time is used.
CREATE OR REPLACE FUNCTION :"schema".parked_matches(p :"schema".parked, f jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT ((f ->> 'aggregate_type') IS NULL OR p.aggregate_type = (f ->> 'aggregate_type'))
       AND ((f ->> 'aggregate_id') IS NULL OR p.aggregate_id = (f ->> 'aggregate_id'))
       AND ((f ->> 'error_contains') IS NULL OR position(lower(f ->> 'error_contains') IN lower(p.error)) > 0)
       AND ((f ->> 'parked_since') IS NULL OR p.parked_at >= (f ->> 'parked_since')::timestamptz)
       AND ((f ->> 'parked_before') IS NULL OR p.parked_at < (f ->> 'parked_before')::timestamptz)
       AND ((f ->> 'event_type') IS NULL AND (f ->> 'topic') IS NULL OR :"schema".refused_matches(p.outbox_id, f))
$$;

-- Does what was asked for, a hundred keys per transaction. It runs in the server: a client that goes away does not stop it,
-- stop_asked_at does. Called again after a crash it goes on where it was.
CREATE OR REPLACE PROCEDURE :"schema".run_bulk(job_id bigint) LANGUAGE plpgsql AS $$
DECLARE
    job      :"schema".bulk;
    key      record;
    found    integer;
    is_full  boolean;
    changed  bigint;
    decision bigint;
BEGIN
    LOOP
        SELECT * INTO job FROM :"schema".bulk WHERE bulk_id = job_id FOR UPDATE;
        EXIT WHEN job.bulk_id IS NULL OR job.ended_at IS NOT NULL;
        IF job.stop_asked_at IS NOT NULL THEN
            UPDATE :"schema".bulk SET ended_at = clock_timestamp() WHERE bulk_id = job_id;
            EXIT;
        END IF;
        -- The relay is asked for a few hundred keys at a time: those behind them stay parked after a stop.
        IF job.action = 'release' AND (
            SELECT count(*) FROM (SELECT FROM :"schema".parked WHERE release_asked_at IS NOT NULL LIMIT 300) AS asked) >= 300
        THEN
            COMMIT;
            PERFORM pg_sleep(0.1);
            CONTINUE;
        END IF;
        found := 0;
        is_full := false;
        FOR key IN
            SELECT p.aggregate_type, p.aggregate_id, p.outbox_id, p.release_asked_at FROM :"schema".parked AS p
            WHERE (p.aggregate_type, p.aggregate_id) > (job.done_type, job.done_id) AND p.parked_at <= job.asked_at
              AND :"schema".parked_matches(p, job.filter)
            ORDER BY p.aggregate_type, p.aggregate_id LIMIT 100 FOR UPDATE
        LOOP
            found := found + 1;
            changed := 0;
            BEGIN
                IF job.action = 'release' THEN
                    UPDATE :"schema".parked SET release_asked_at = clock_timestamp()
                    WHERE aggregate_type = key.aggregate_type AND aggregate_id = key.aggregate_id
                      AND release_asked_at IS NULL;
                ELSIF key.release_asked_at IS NOT NULL THEN
                    job.fault := 'the key is being released';
                ELSIF job.action = 'skip' THEN
                    UPDATE :"schema".held SET skipped = true
                    WHERE aggregate_type = key.aggregate_type AND aggregate_id = key.aggregate_id AND NOT skipped
                      AND (job.rows_meant = 'all' OR outbox_id = key.outbox_id);
                ELSE
                    UPDATE :"schema".held AS h
                    SET edited = true, payload = CASE WHEN h.edited THEN h.payload ELSE s.payload END,
                        headers = (coalesce(CASE WHEN h.edited THEN h.headers ELSE s.headers END, '{}') || job.set_headers)
                                  - job.remove_headers
                    FROM :"schema".source AS s
                    WHERE h.aggregate_type = key.aggregate_type AND h.aggregate_id = key.aggregate_id
                      AND s.outbox_id = h.outbox_id AND NOT h.skipped
                      AND (job.rows_meant = 'all' OR h.outbox_id = key.outbox_id);
                END IF;
                IF key.release_asked_at IS NULL THEN
                    GET DIAGNOSTICS changed = ROW_COUNT;
                END IF;
            EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
                job.fault := SQLERRM;
            END;
            IF changed > 0 THEN
                INSERT INTO :"schema".decision (action, aggregate_type, aggregate_id, outbox_id, reason, caller, details)
                VALUES (job.action, key.aggregate_type, key.aggregate_id, key.outbox_id, job.reason, job.caller,
                        jsonb_build_object('bulk_id', job_id, 'rows', changed)
                        || CASE WHEN job.action = 'edit' THEN
                               jsonb_build_object('set_headers', job.set_headers, 'remove_headers', job.remove_headers)
                           ELSE '{}' END)
                RETURNING decision_id INTO decision;
                job.keys := job.keys + 1;
                job.rows := job.rows + changed;
                job.first_decision := coalesce(job.first_decision, decision);
                job.last_decision := decision;
            ELSE
                job.passed_over := job.passed_over + 1;
            END IF;
            job.done_type := key.aggregate_type;
            job.done_id := key.aggregate_id;
            is_full := changed >= 10000;
            EXIT WHEN is_full;
        END LOOP;
        UPDATE :"schema".bulk
        SET done_type = job.done_type, done_id = job.done_id, keys = job.keys, rows = job.rows,
            passed_over = job.passed_over, fault = job.fault, first_decision = job.first_decision,
            last_decision = job.last_decision,
            ended_at = CASE WHEN found < 100 AND NOT is_full THEN clock_timestamp() END
        WHERE bulk_id = job_id;
        IF job.action = 'release' THEN
            PERFORM pg_notify(channel, '') FROM :"schema".relay;
        END IF;
        COMMIT;
    END LOOP;
END
$$;

COMMENT ON TABLE :"schema".bulk IS 'Decisions about many parked keys at once: what is under way, and the receipts.';
