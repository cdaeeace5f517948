-- V0008 operator views of the relay: outbox_state and relay_state go into the relay's schema, as with an adopted table.
--
-- Read by operators. The views themselves are part of the relay's schema from here on: its versioned files
-- (Sources/Relay/OutboxAdoption/Schema) are applied by `outboxctl migrate` after these migrations, and replace them.
-- The short names stay, with the grants they had.

ALTER VIEW outbox_state SET SCHEMA outbox_relay;
ALTER VIEW relay_state SET SCHEMA outbox_relay;

CREATE VIEW outbox_state AS SELECT * FROM outbox_relay.outbox_state;
CREATE VIEW relay_state AS SELECT * FROM outbox_relay.relay_state;
COMMENT ON VIEW outbox_state IS 'What waits in the outbox, for how long, and what is parked.';
COMMENT ON VIEW relay_state IS 'Which relay leads, whether its lease is valid, whether it sleeps, how far it is.';

-- The relay's schema is not open to everybody who may read these views: their grants come along.
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT c.relname, a.privilege_type, a.is_grantable, a.grantee
        FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
        WHERE c.oid IN ('outbox_relay.outbox_state'::regclass, 'outbox_relay.relay_state'::regclass)
          AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT %s ON %I TO %s%s', granted.privilege_type, granted.relname,
                       CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END,
                       CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
END
$$;
