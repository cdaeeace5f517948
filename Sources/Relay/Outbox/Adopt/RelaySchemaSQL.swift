import Postgres

/// The relay's own schema beside an adopted table: what `migrations/V0003__outbox_relay.sql` makes for the orders'
/// outbox, under other names. A test compares the two, column by column; the migration has the comments.
struct RelaySchemaSQL {
    let names: RelayNames
    /// The query of the view `source`.
    let source: String
    /// The mapping in words, kept as the view's comment.
    let mapping: String

    private var schema: String { names.schema }

    var all: String {
        [
            "CREATE SCHEMA IF NOT EXISTS \(schema);", relay, view, checkpoint, parked, decision, wake, trigger,
            outboxState,
            relayState,
        ].joined(separator: "\n\n")
    }

    var view: String {
        """
        CREATE OR REPLACE VIEW \(schema).source AS
            \(source);
        COMMENT ON VIEW \(schema).source IS \(PostgresConnection.quoteLiteral(mapping));
        """
    }

    var trigger: String {
        """
        CREATE TRIGGER \(PostgresConnection.quoteIdentifier(names.trigger)) AFTER INSERT ON \(names.outbox) FOR EACH STATEMENT
            WHEN (CASE WHEN current_setting('outbox_relay.wake', true) = 'off' THEN false
                       ELSE NOT pg_try_advisory_xact_lock_shared(\(names.lockClass), 2) END)
            EXECUTE FUNCTION \(schema).wake();
        """
    }

    private var relay: String {
        """
        CREATE TABLE \(schema).relay (
            only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
            outbox            text    NOT NULL,
            channel           text    NOT NULL,
            lock_class        integer NOT NULL,
            leader_lock       integer NOT NULL,
            sleep_lock        integer NOT NULL,
            leaf_sequence     text,
            leaves            text[],
            system_identifier bigint,
            database_oid      bigint,
            timeline          integer
        );
        INSERT INTO \(schema).relay (outbox, channel, lock_class, leader_lock, sleep_lock)
        VALUES (\(PostgresConnection.quoteLiteral(names.outbox)), \(PostgresConnection.quoteLiteral(names.channel)), \(names.lockClass), 1, 2);
        """
    }

    private var checkpoint: String {
        """
        CREATE TABLE \(schema).checkpoint_0 (
            epoch           bigint      NOT NULL,
            holder          text        NOT NULL,
            cut             bigint      NOT NULL,
            published       pg_snapshot NOT NULL,
            draining        pg_snapshot,
            drained_through bigint      NOT NULL,
            moved_at        timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        CREATE TABLE \(schema).checkpoint_1 (LIKE \(schema).checkpoint_0 INCLUDING DEFAULTS);
        INSERT INTO \(schema).checkpoint_0 (epoch, holder, cut, published, draining, drained_through)
        VALUES (0, '', 0, '1:1:', NULL, 0);
        CREATE VIEW \(schema).checkpoint AS
            SELECT 0 AS twin, * FROM \(schema).checkpoint_0
            UNION ALL
            SELECT 1 AS twin, * FROM \(schema).checkpoint_1;
        CREATE SEQUENCE \(schema).lease MINVALUE 0 START 0;
        SELECT setval(\(PostgresConnection.quoteLiteral(schema + ".lease")), 0);
        """
    }

    private var parked: String {
        """
        CREATE TABLE \(schema).parked (
            aggregate_type   text        NOT NULL,
            aggregate_id     text        NOT NULL,
            outbox_id        bigint      NOT NULL,
            error            text        NOT NULL,
            parked_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
            release_asked_at timestamptz,
            retry_at         timestamptz,
            PRIMARY KEY (aggregate_type, aggregate_id)
        );
        CREATE TABLE \(schema).held (
            hold_id        bigint GENERATED ALWAYS AS IDENTITY,
            outbox_id      bigint NOT NULL PRIMARY KEY,
            aggregate_type text   NOT NULL,
            aggregate_id   text   NOT NULL,
            skipped        boolean NOT NULL DEFAULT false
        );
        CREATE INDEX held_key ON \(schema).held (aggregate_type, aggregate_id, hold_id);
        """
    }

    /// For a schema that was made before keys were tried again.
    var parkedRetry: String { "ALTER TABLE \(schema).parked ADD COLUMN retry_at timestamptz;" }

    private var decision: String {
        """
        CREATE TABLE \(schema).decision (
            decided_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
            action         text        NOT NULL CHECK (action IN ('park', 'release', 'skip', 'rebase')),
            aggregate_type text,
            aggregate_id   text,
            outbox_id      bigint,
            decided_by     text        NOT NULL DEFAULT session_user,
            reason         text        NOT NULL
        );
        """
    }

    private var wake: String {
        """
        CREATE FUNCTION \(schema).wake() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify(\(PostgresConnection.quoteLiteral(names.channel)), '');
            RETURN NULL;
        END
        $$;
        """
    }
}

// MARK: - For operators

/// LIMIT 1, because the planner takes a table of one row for hundreds, and would compile a plan that looks so
/// expensive.
extension RelaySchemaSQL {
    private var outboxState: String {
        """
        CREATE VIEW \(schema).outbox_state AS
            WITH checkpoint AS MATERIALIZED (
                SELECT published, draining, drained_through,
                       pg_snapshot_xmax(published) AS xmax,
                       ARRAY(SELECT pg_snapshot_xip(published)) AS xip
                FROM \(schema).checkpoint LIMIT 1
            ), waiting AS (
                SELECT o.outbox_id, o.created_at
                FROM checkpoint c
                CROSS JOIN LATERAL (
                    SELECT outbox_id, created_at, transaction_id FROM \(schema).source WHERE transaction_id >= c.xmax
                    UNION ALL
                    SELECT outbox_id, created_at, transaction_id FROM \(schema).source WHERE transaction_id = ANY (c.xip)
                ) AS o
                WHERE NOT (c.draining IS NOT NULL AND o.outbox_id <= c.drained_through
                           AND pg_visible_in_snapshot(o.transaction_id, c.draining))
            )
            SELECT (SELECT count(*) FROM waiting)                                  AS unpublished_rows,
                   (SELECT clock_timestamp() - min(created_at) FROM waiting)       AS oldest_unpublished_age,
                   (SELECT min(outbox_id) FROM waiting)                            AS oldest_unpublished_id,
                   (SELECT count(*) FROM \(schema).parked)                      AS parked_keys,
                   (SELECT count(*) FROM \(schema).held)                        AS held_rows,
                   (SELECT pg_total_relation_size(to_regclass(outbox)) FROM \(schema).relay) AS bytes_on_disk,
                   (SELECT created_at FROM \(schema).source WHERE transaction_id IS NOT NULL
                    ORDER BY outbox_id LIMIT 1)                                 AS oldest_row_at;
        """
    }

    private var relayState: String {
        """
        CREATE VIEW \(schema).relay_state AS
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
            FROM (SELECT * FROM \(schema).checkpoint LIMIT 1) c
            CROSS JOIN \(schema).lease l
            CROSS JOIN (SELECT * FROM \(schema).relay LIMIT 1) r;
        """
    }
}
