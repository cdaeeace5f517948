-- V0007 operator views: answers in a millisecond instead of half a second.
--
-- Read by operators. The tables of one row are never analyzed, and the planner takes each for hundreds of rows; joined, that looked so
-- expensive that Postgres compiled the plans (jit). LIMIT 1 tells it the truth; otherwise the views are as before.

CREATE OR REPLACE VIEW outbox_state AS
    WITH checkpoint AS MATERIALIZED (
        SELECT published, draining, drained_through,
               pg_snapshot_xmax(published) AS xmax,
               ARRAY(SELECT pg_snapshot_xip(published)) AS xip
        FROM outbox_relay.checkpoint LIMIT 1
    ), waiting AS (
        -- Two arms, each an index scan by transaction_id: what was published long ago is not looked at. ORDER BY makes the
        -- planner prefer the index although it cannot know how few rows there are.
        SELECT o.outbox_id, o.created_at
        FROM checkpoint c
        CROSS JOIN LATERAL (
            (SELECT outbox_id, created_at, transaction_id FROM outbox WHERE transaction_id >= c.xmax
             ORDER BY transaction_id OFFSET 0)
            UNION ALL
            SELECT late.* FROM unnest(c.xip) AS x
            CROSS JOIN LATERAL (SELECT outbox_id, created_at, transaction_id FROM outbox WHERE transaction_id = x
                                ORDER BY transaction_id OFFSET 0) AS late
        ) AS o
        WHERE NOT (c.draining IS NOT NULL AND o.outbox_id <= c.drained_through
                   AND pg_visible_in_snapshot(o.transaction_id, c.draining))
    )
    SELECT (SELECT count(*) FROM waiting)                                  AS unpublished_rows,
           (SELECT clock_timestamp() - min(created_at) FROM waiting)       AS oldest_unpublished_age,
           (SELECT min(outbox_id) FROM waiting)                            AS oldest_unpublished_id,
           (SELECT count(*) FROM outbox_relay.parked)                      AS parked_keys,
           (SELECT count(*) FROM outbox_relay.held)                        AS held_rows,
           (SELECT sum(pg_total_relation_size(leaf::regclass))::bigint
            FROM outbox_relay.relay, unnest(leaves) AS leaf)               AS bytes_on_disk,
           (SELECT created_at FROM outbox ORDER BY outbox_id LIMIT 1)      AS oldest_row_at,
           pg_sequence_last_value('outbox_leaf'::regclass)                 AS current_leaf;

CREATE OR REPLACE VIEW relay_state AS
    SELECT c.holder AS leader,
           c.epoch,
           l.last_value > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS lease_is_valid,
           to_timestamp(l.last_value / 1000000.0) AS lease_until,
           EXISTS (SELECT FROM pg_locks p
                   WHERE p.locktype = 'advisory' AND p.classid::bigint = r.lock_class AND p.objid::bigint = r.sleep_lock
                     AND p.objsubid = 2 AND p.mode = 'ExclusiveLock' AND p.granted
                     AND p.database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS is_asleep,
           c.cut,
           c.draining IS NOT NULL AS is_draining,
           c.drained_through,
           c.published,
           c.draining,
           c.moved_at
    FROM (SELECT * FROM outbox_relay.checkpoint LIMIT 1) c
    CROSS JOIN outbox_relay.lease l
    CROSS JOIN (SELECT * FROM outbox_relay.relay LIMIT 1) r;
