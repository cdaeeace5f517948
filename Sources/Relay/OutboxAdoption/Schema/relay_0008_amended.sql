-- Relay schema version 8: what operators made of held rows is known after the release of their keys.
--
-- Written by a trigger whenever a held row is skipped or edited, whoever does it; read by operators, by replays and by audits.
-- The relay drops held rows as it publishes them, and neither reads nor writes this. IF NOT EXISTS and OR REPLACE: as in version
-- 4.

CREATE TABLE IF NOT EXISTS :"schema".amended (
    outbox_id  bigint      PRIMARY KEY,
    -- It is dropped, unpublished, when its key is released.
    skipped    boolean     NOT NULL,
    -- It is published with this payload and these headers instead of those of the outbox.
    edited     boolean     NOT NULL,
    payload    bytea,
    headers    jsonb,
    amended_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Serves the list of skipped rows: WHERE skipped ORDER BY outbox_id LIMIT n.
CREATE INDEX IF NOT EXISTS amended_skipped ON :"schema".amended (outbox_id) WHERE skipped;

-- With the rights of the schema's owner: who may change held rows need not have a right on this table.
CREATE OR REPLACE FUNCTION :"schema".amend() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO :"schema".amended (outbox_id, skipped, edited, payload, headers)
    VALUES (NEW.outbox_id, NEW.skipped, NEW.edited, NEW.payload, NEW.headers)
    ON CONFLICT (outbox_id) DO UPDATE
        SET skipped = NEW.skipped, edited = NEW.edited, payload = NEW.payload, headers = NEW.headers,
            amended_at = clock_timestamp();
    RETURN NULL;
END
$$;
DROP TRIGGER IF EXISTS amend ON :"schema".held;
CREATE TRIGGER amend AFTER UPDATE OF skipped, edited, payload, headers ON :"schema".held
    FOR EACH ROW WHEN (NEW.skipped OR NEW.edited) EXECUTE FUNCTION :"schema".amend();

-- What was decided before this version: rows that still wait, and, as far as decisions tell, those that do not.
INSERT INTO :"schema".amended (outbox_id, skipped, edited, payload, headers)
SELECT outbox_id, skipped, edited, payload, headers FROM :"schema".held WHERE skipped OR edited
ON CONFLICT DO NOTHING;
INSERT INTO :"schema".amended (outbox_id, skipped, edited, payload, headers)
SELECT d.outbox_id, bool_or(d.action = 'skip'), coalesce(bool_or(d.details ? 'after'), false),
       (array_agg(decode(d.details #>> '{after,payload}', 'base64') ORDER BY d.decision_id DESC)
            FILTER (WHERE d.details ? 'after'))[1],
       (array_agg(nullif(d.details #> '{after,headers}', 'null') ORDER BY d.decision_id DESC)
            FILTER (WHERE d.details ? 'after'))[1]
FROM :"schema".decision AS d
WHERE d.action IN ('skip', 'edit') AND d.outbox_id IS NOT NULL AND (d.action = 'skip' OR d.details ? 'after')
GROUP BY d.outbox_id
ON CONFLICT DO NOTHING;

-- Who may read decisions may read this.
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT a.is_grantable, a.grantee
        FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
        WHERE c.oid = to_regclass(format('%I.decision', :'schema')) AND a.grantee <> c.relowner
          AND a.privilege_type = 'SELECT'
    LOOP
        EXECUTE format('GRANT SELECT ON %I.amended TO %s%s', :'schema',
                       CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END,
                       CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
END
$$;

-- As in version 4; rows that were dropped are not copied, and edited ones as they were published.
CREATE OR REPLACE PROCEDURE :"schema".run_replay(job_id bigint) LANGUAGE plpgsql AS $$
DECLARE
    job        :"schema".replay;
    chunk_rows integer;
    last_id    bigint;
    copies     bigint;
    began      timestamptz;
BEGIN
    LOOP
        began := clock_timestamp();
        SELECT * INTO job FROM :"schema".replay WHERE replay_id = job_id FOR UPDATE;
        EXIT WHEN job.replay_id IS NULL OR job.ended_at IS NOT NULL;
        IF job.stop_asked_at IS NOT NULL THEN
            UPDATE :"schema".replay SET ended_at = clock_timestamp() WHERE replay_id = job_id;
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
            SELECT o.event_id, o.aggregate_type, o.aggregate_id, o.sequence_number, o.event_type,
                   CASE WHEN a.edited THEN a.payload ELSE o.payload END,
                   coalesce(CASE WHEN a.edited THEN a.headers ELSE o.headers END, '{}')
                   || jsonb_build_object('outbox_replay', job_id::text)
            FROM scanned
            CROSS JOIN LATERAL (SELECT * FROM :"schema".source WHERE outbox_id = scanned.outbox_id OFFSET 0) AS o
            LEFT JOIN :"schema".amended AS a ON a.outbox_id = o.outbox_id
            WHERE (job.since IS NULL OR o.created_at >= job.since) AND (job.until IS NULL OR o.created_at < job.until)
              AND (job.aggregate_type IS NULL OR o.aggregate_type = job.aggregate_type)
              AND (job.aggregate_id IS NULL OR o.aggregate_id = job.aggregate_id)
              AND NOT coalesce(o.headers, '{}') ? 'outbox_replay'
              AND NOT EXISTS (SELECT FROM :"schema".held AS h WHERE h.outbox_id = o.outbox_id)
              AND a.skipped IS NOT TRUE
              AND pg_visible_in_snapshot(
                  o.transaction_id, (SELECT published FROM :"schema".checkpoint ORDER BY epoch DESC LIMIT 1))
            ORDER BY o.outbox_id
            RETURNING 1
        )
        SELECT (SELECT max(outbox_id) FROM scanned), (SELECT count(*) FROM copied) INTO last_id, copies;
        UPDATE :"schema".replay AS r
        SET done_through = coalesce(last_id, r.to_id), copied = r.copied + copies,
            ended_at = CASE WHEN last_id IS NULL OR last_id >= r.to_id THEN clock_timestamp() END
        WHERE r.replay_id = job_id;
        COMMIT;
        PERFORM pg_sleep(greatest(0, copies::float / job.rows_per_second
                                     - extract(epoch FROM clock_timestamp() - began)));
    END LOOP;
END
$$;

COMMENT ON TABLE :"schema".amended IS 'Rows that operators skipped or edited, also after they were dropped or published.';
