-- Relay schema version 2: when the relay itself tries a parked key again.
--
-- Written by the relay. Set where the cause may go away without the relay: a topic that is missing, an ACL that is
-- wrong. NULL for a row that Kafka will never take: that key waits for an operator. migrations/V0006__parked_retry.sql
-- is the same.

ALTER TABLE :"schema".parked ADD COLUMN retry_at timestamptz;
