-- V0005 payments: what the payment process remembers besides the orders' own events.
--
-- Written and read by: orders-payments. The truth about a payment is in the order's events; these tables only say where to look
-- after a restart, and which payments keep failing.

-- One row: every order placed before this time is settled (paid, failed or cancelled) or listed in payment_retry. A recovery pass
-- looks only at later events, and moves the mark when it has dealt with all of them.
CREATE TABLE payment_mark (
    singleton      boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    settled_before timestamptz NOT NULL
);
INSERT INTO payment_mark (settled_before)
SELECT coalesce(min(created_at), clock_timestamp()) - interval '1 hour' FROM event;

-- Orders whose payment could not be brought to an end, mostly because the gateway did not answer. Gone when it is.
CREATE TABLE payment_retry (
    order_id   text        NOT NULL COLLATE "C" PRIMARY KEY,
    attempts   integer     NOT NULL DEFAULT 1,
    last_error text        NOT NULL,
    since      timestamptz NOT NULL DEFAULT clock_timestamp(),
    retry_at   timestamptz NOT NULL
);
-- Serves: WHERE retry_at <= now ORDER BY retry_at LIMIT n.
CREATE INDEX payment_retry_due ON payment_retry (retry_at);

-- Serves the recovery pass: WHERE created_at >= $1 AND created_at < $2. Events are appended in about the order of their time, so a
-- summary per block range finds them, and costs the write path next to nothing.
CREATE INDEX event_created_at ON event USING brin (created_at) WITH (pages_per_range = 32, autosummarize = on);
