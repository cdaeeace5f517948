-- Keeps the answers to commands with an idempotency key, and removes them after a day. An answer is never changed: UPDATE of one
-- column is what FOR UPDATE asks for.
GRANT SELECT, INSERT, DELETE, UPDATE (created_at) ON :"orders".idempotency_key TO :"role";
-- Reads lists from the read model.
GRANT SELECT ON :"orders".order_projection TO :"role";
