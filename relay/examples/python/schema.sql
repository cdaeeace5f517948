-- The tables of a service that knows nothing of transactional-outbox: one of its own, and an outbox in the shape that
-- Debezium's users have.
CREATE SCHEMA billing;

CREATE TABLE billing.invoice (
    id     text    PRIMARY KEY,
    cents  bigint  NOT NULL,
    status text    NOT NULL
);

CREATE TABLE billing.outbox (
    id            uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    aggregatetype varchar(255) NOT NULL,
    aggregateid   varchar(255) NOT NULL,
    type          varchar(255) NOT NULL,
    payload       jsonb        NOT NULL,
    tenant        text,
    created_at    timestamptz  NOT NULL DEFAULT clock_timestamp()
);
