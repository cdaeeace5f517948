-- Sees events and the read model, for the life of an event and for outboxctl verify; not the answers to idempotency keys.
GRANT USAGE ON SCHEMA :"orders" TO :"role";
GRANT SELECT ON :"orders".event, :"orders".outbox, :"orders".outbox_state, :"orders".relay_state,
    :"orders".order_projection, :"orders".order_projection_offset, :"orders".order_projection_healing,
    :"orders".order_projection_rebuild, :"orders".order_projection_rebuild_change,
    :"orders".payment_mark, :"orders".payment_retry TO :"role";
