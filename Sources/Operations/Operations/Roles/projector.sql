-- Writes the read model and its positions, heals it from the events, and rebuilds it. Used by orders-projector.
GRANT USAGE ON SCHEMA :"orders" TO :"role";
GRANT SELECT ON :"orders".event, :"orders".order_projection_offset TO :"role";
GRANT SELECT, INSERT, UPDATE ON :"orders".order_projection, :"orders".order_projection_claim TO :"role";
GRANT USAGE ON SEQUENCE :"orders".order_projection_claim_number TO :"role";
GRANT SELECT, INSERT, TRUNCATE ON :"orders".order_projection_offset_0, :"orders".order_projection_offset_1 TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON :"orders".order_projection_healing TO :"role";
GRANT SELECT, UPDATE ON :"orders".order_projection_rebuild TO :"role";
GRANT SELECT, INSERT, DELETE ON :"orders".order_projection_rebuild_change TO :"role";
-- They make, fill in and drop the table beside the live one, with the rights of their owner.
GRANT EXECUTE ON FUNCTION :"orders".order_projection_rebuild_prepare(), :"orders".order_projection_rebuild_analyze(),
    :"orders".order_projection_rebuild_discard(), :"orders".order_projection_rebuild_switch() TO :"role";
