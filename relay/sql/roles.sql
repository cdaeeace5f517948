-- Least privilege for the relay and for writers of the outbox. Run once, as the owner of the tables:
--   psql "$OWNER_URL" -v relay=outbox_relay_login -v writer=my_service -f relay/sql/roles.sql
-- Both roles must exist: CREATE ROLE outbox_relay_login LOGIN PASSWORD '...';

-- The relay: reads the outbox through its own view, writes its own schema.
GRANT USAGE ON SCHEMA outbox_relay TO :"relay";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA outbox_relay TO :"relay";
GRANT TRUNCATE ON outbox_relay.checkpoint_0, outbox_relay.checkpoint_1 TO :"relay";
GRANT SELECT, UPDATE ON SEQUENCE outbox_relay.lease TO :"relay";
GRANT SELECT ON outbox, outbox_state, relay_state TO :"relay";

-- Only where the relay owns retention: it truncates whole leaves and says which leaf takes new rows.
-- Without these grants it publishes all the same and warns that retention is off.
GRANT SELECT, TRUNCATE ON outbox_0, outbox_1, outbox_2, outbox_3, outbox_4, outbox_5 TO :"relay";
GRANT SELECT, UPDATE ON SEQUENCE outbox_leaf TO :"relay";

-- To replace a leader that hangs, the relay ends its backend: every role may do that to its own sessions, so run all
-- relays of one outbox under one role.

-- Writers: may not name outbox_id, transaction_id or leaf, on which the order depends. They need nothing of the relay's.
GRANT INSERT (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload, headers, created_at)
    ON outbox TO :"writer";
