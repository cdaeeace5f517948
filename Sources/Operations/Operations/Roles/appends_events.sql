-- Appends events, each with its outbox row, in one transaction. Nobody may change or delete an event. The numbers on which the
-- relay's order depends, and the leaf, are the table's own defaults. Used by orders-server and orders-payments.
GRANT USAGE ON SCHEMA :"orders" TO :"role";
GRANT SELECT, INSERT ON :"orders".event TO :"role";
GRANT SELECT (event_id), INSERT (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload, headers, created_at)
    ON :"orders".outbox TO :"role";
