-- Relay schema version 3: the operators' views, the same for every outbox, and answered in about a millisecond.
--
-- Read by operators. They replace the views of earlier releases under the same names, so that grants and what is built
-- on them stay. LIMIT 1 where a table has one row: such a table is never analyzed, the planner takes it for hundreds of
-- rows, and Postgres would compile (jit) a plan that looks so expensive.

-- The first release of adopting counted rows here; both are a bigint, and a view's column can be renamed but not
-- replaced.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = to_regclass(format('%I.outbox_state', :'schema')) AND attname = 'rows_in_table') THEN
        ALTER VIEW :"schema".outbox_state RENAME COLUMN rows_in_table TO bytes_on_disk;
    END IF;
END
$$;

CREATE OR REPLACE VIEW :"schema".outbox_state AS
    WITH checkpoint AS MATERIALIZED (
        SELECT published, draining, drained_through,
               pg_snapshot_xmax(published) AS xmax,
               ARRAY(SELECT pg_snapshot_xip(published)) AS xip
        FROM :"schema".checkpoint LIMIT 1
    ), waiting AS (
        -- Two arms, each an index scan by transaction_id: rows that were published long ago are not read. ORDER BY
        -- makes the planner prefer the index although it cannot know how few rows there are.
        SELECT o.outbox_id, o.created_at
        FROM checkpoint c
        CROSS JOIN LATERAL (
            (SELECT outbox_id, created_at, transaction_id FROM :"schema".source WHERE transaction_id >= c.xmax
             ORDER BY transaction_id OFFSET 0)
            UNION ALL
            SELECT late.* FROM unnest(c.xip) AS x
            CROSS JOIN LATERAL (SELECT outbox_id, created_at, transaction_id FROM :"schema".source
                                WHERE transaction_id = x ORDER BY transaction_id OFFSET 0) AS late
        ) AS o
        WHERE NOT (c.draining IS NOT NULL AND o.outbox_id <= c.drained_through
                   AND pg_visible_in_snapshot(o.transaction_id, c.draining))
    )
    SELECT (SELECT count(*) FROM waiting)                                  AS unpublished_rows,
           (SELECT clock_timestamp() - min(created_at) FROM waiting)       AS oldest_unpublished_age,
           (SELECT min(outbox_id) FROM waiting)                            AS oldest_unpublished_id,
           (SELECT count(*) FROM :"schema".parked)                         AS parked_keys,
           (SELECT count(*) FROM :"schema".held)                           AS held_rows,
           (SELECT sum(pg_total_relation_size(to_regclass(part)))::bigint
            FROM :"schema".relay, unnest(coalesce(leaves, ARRAY[outbox])) AS part) AS bytes_on_disk,
           -- Rows without a transaction id were skipped when the table was adopted.
           (SELECT created_at FROM :"schema".source WHERE transaction_id IS NOT NULL
            ORDER BY outbox_id LIMIT 1)                                    AS oldest_row_at,
           -- NULL where the outbox has no leaves.
           (SELECT pg_sequence_last_value(to_regclass(leaf_sequence)) FROM :"schema".relay LIMIT 1) AS current_leaf;

CREATE OR REPLACE VIEW :"schema".relay_state AS
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
    FROM (SELECT * FROM :"schema".checkpoint LIMIT 1) c
    CROSS JOIN :"schema".lease l
    CROSS JOIN (SELECT * FROM :"schema".relay LIMIT 1) r;

COMMENT ON VIEW :"schema".outbox_state IS 'What waits in the outbox, for how long, and what is parked.';
COMMENT ON VIEW :"schema".relay_state IS
    'Which relay leads, whether its lease is valid, whether it sleeps, how far it is.';
