-- V0004 projection: the read model of orders, and how far Kafka has been applied to it.
--
-- Written by: orders-projector, one transaction per batch of Kafka messages: rows, position and one NOTIFY on channel
-- order_projection. Read by: ListOrders, watchers, the projector when partitions are assigned to it.
--
-- The NOTIFY's payload is the ids of the orders that changed, one per line, or '*' when they do not fit: then any order may
-- have changed.

CREATE TABLE order_projection (
    -- COLLATE "C" as in event: identifiers are compared byte by byte, and paging needs one order everywhere.
    order_id               text        NOT NULL COLLATE "C" PRIMARY KEY,
    -- The sequence number of the last event that the row contains. It only grows.
    version                bigint      NOT NULL,
    customer_id            text        NOT NULL COLLATE "C",
    vendor_id              text        NOT NULL COLLATE "C",
    product_id             text        NOT NULL,
    quantity               integer     NOT NULL,
    total_price_cents      bigint      NOT NULL,
    payment_method         text        NOT NULL,
    -- Numbers of orders.v1.PaymentStatus: 1 pending, 2 initiated, 3 paid, 4 failed.
    payment_status         smallint    NOT NULL CHECK (payment_status BETWEEN 1 AND 4),
    -- Numbers of orders.v1.ShippingStatus: 1 waiting for payment, 2 waiting for shipment, 3 in transit, 4 delivered, 5 cancelled.
    shipping_status        smallint    NOT NULL CHECK (shipping_status BETWEEN 1 AND 5),
    payment_failure_reason text,
    cancellation_reason    text,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- Each serves ListOrders newest first, ORDER BY created_at DESC, order_id DESC, from a keyset (created_at, order_id) < ($1, $2):
-- without a filter and with one. They are ascending and read backwards, because new orders then go to the rightmost page.
CREATE INDEX order_projection_newest ON order_projection (created_at, order_id);
CREATE INDEX order_projection_customer ON order_projection (customer_id, created_at, order_id);
CREATE INDEX order_projection_vendor ON order_projection (vendor_id, created_at, order_id);
CREATE INDEX order_projection_payment_status ON order_projection (payment_status, created_at, order_id);
CREATE INDEX order_projection_shipping_status ON order_projection (shipping_status, created_at, order_id);

-- Who applies a partition: the fencing token of its last assignment. A batch commits only while its claim is in force, so a
-- member that slept through a rebalance cannot move a position. Updated at assignments only.
CREATE SEQUENCE order_projection_claim_number;
CREATE TABLE order_projection_claim (
    topic      text        NOT NULL,
    partition  integer     NOT NULL,
    claim      bigint      NOT NULL,
    -- The Kafka cluster that the claim's offsets belong to; in another cluster they mean nothing.
    cluster_id text        NOT NULL,
    member     text        NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic, partition)
);

-- How far each claim has come: appended to once per batch and partition, never updated or deleted. Updating one row per
-- partition would pile up row versions that cannot be pruned while any transaction is held open, and every batch would walk them.
-- Of the two tables one takes rows; when it is long enough the newest positions are copied to the other and it is truncated.
-- No index: both are short, and read only at assignments.
CREATE TABLE order_projection_offset_0 (
    topic       text    NOT NULL,
    partition   integer NOT NULL,
    claim       bigint  NOT NULL,
    -- The first offset that is not yet applied.
    next_offset bigint  NOT NULL
) WITH (autovacuum_enabled = false);
CREATE TABLE order_projection_offset_1 (LIKE order_projection_offset_0) WITH (autovacuum_enabled = false);

-- The position of each partition in the claim that is in force.
CREATE VIEW order_projection_offset AS
SELECT c.topic, c.partition, c.claim, c.cluster_id, c.member, c.claimed_at, max(o.next_offset) AS next_offset
FROM order_projection_claim c
LEFT JOIN (
    SELECT * FROM order_projection_offset_0
    UNION ALL
    SELECT * FROM order_projection_offset_1
) o ON o.topic = c.topic AND o.partition = c.partition AND o.claim = c.claim
GROUP BY c.topic, c.partition, c.claim, c.cluster_id, c.member, c.claimed_at;
COMMENT ON VIEW order_projection_offset IS 'How far the projection has come in each Kafka partition, and who applies it.';

-- At most one row: a walk over all orders, in the order of their ids, that brings the projection up to the event store. It is
-- asked for in the transaction that gives up a position (cluster replaced, offset out of range), and removed by the chunk that
-- reaches the end; between those it survives every restart. Asking again starts it again.
CREATE TABLE order_projection_healing (
    singleton    boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    reason       text        NOT NULL,
    -- Orders up to this id are done.
    done_through text        NOT NULL COLLATE "C" DEFAULT '',
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
