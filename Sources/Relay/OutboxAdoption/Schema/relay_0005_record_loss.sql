-- Relay schema version 5: records that were published and are lost, in numbers, for an audit.
--
-- Written by the relay at the moment at which it notices, beside the line in its log; read by operators. Append-only.

CREATE TABLE IF NOT EXISTS :"schema".record_loss (
    noticed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- reset: the partition began anew, and its records are gone. deleted: Kafka deleted them within ten minutes of their
    -- publishing. database: Kafka has them, and the database lost their rows.
    cause       text        NOT NULL CHECK (cause IN ('reset', 'deleted', 'database')),
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    -- The offsets from lost_from on, before lost_until. After a reset later records have the same offsets.
    lost_from   bigint      NOT NULL,
    lost_until  bigint      NOT NULL,
    -- How many of the records between are lost; NULL for all of them.
    lost_rows   bigint,
    CHECK (lost_from < lost_until)
);

-- Who may record decisions may record losses.
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT a.privilege_type, a.is_grantable, a.grantee
        FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
        WHERE c.oid = to_regclass(format('%I.decision', :'schema')) AND a.grantee <> c.relowner
          AND a.privilege_type IN ('SELECT', 'INSERT')
    LOOP
        EXECUTE format('GRANT %s ON %I.record_loss TO %s%s', granted.privilege_type, :'schema',
                       CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END,
                       CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
END
$$;

COMMENT ON TABLE :"schema".record_loss IS 'Records that were published and are lost, as the relay noticed.';
