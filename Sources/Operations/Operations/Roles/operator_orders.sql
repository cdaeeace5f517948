-- Asks the projector for a rebuild of the read model, or to give it up.
GRANT INSERT (orders_per_second, reason, caller), UPDATE (stop_asked_at) ON :"orders".order_projection_rebuild TO :"role";
