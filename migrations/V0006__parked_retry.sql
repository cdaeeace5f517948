-- V0006 parked retry: when the relay itself tries a parked key again.
--
-- Written by outbox-relay. Set where the cause may go away by itself or by somebody who does not know of the relay: a topic that is
-- missing, an ACL that is wrong. NULL for a row that Kafka will never take: that key waits for an operator.

ALTER TABLE outbox_relay.parked ADD COLUMN retry_at timestamptz;
