-- V0009 projection rebuild: the read model built anew beside the live one, and then put in its place.
--
-- Asked for by operators (outboxctl rebuild, the console). Done by orders-projector, a chunk per transaction, between its
-- batches: it survives the client's going and every restart. Read by operators, for progress and receipts.

-- One row for each rebuild; the row of a rebuild that is over is its receipt.
CREATE TABLE order_projection_rebuild (
    rebuild_id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asked_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    asked_by          text        NOT NULL DEFAULT session_user,
    -- The name that the person or program gave.
    caller            text,
    reason            text        NOT NULL,
    -- The most orders read in a second while the walk over all orders lasts.
    orders_per_second integer     NOT NULL CHECK (orders_per_second > 0),
    stop_asked_at     timestamptz,
    -- What follows is written by projectors. From started_at on, every transaction that writes the live table notes its
    -- orders in order_projection_rebuild_change.
    started_at        timestamptz,
    -- When the walk over all orders had reached the end; what changed meanwhile is read again after that.
    filled_at         timestamptz,
    ended_at          timestamptz,
    is_switched       boolean     NOT NULL DEFAULT false,
    -- Orders up to this id are done, orders of them in number, and how many there were at the start, by estimate.
    done_through      text        NOT NULL COLLATE "C" DEFAULT '',
    orders            bigint      NOT NULL DEFAULT 0,
    total_orders      bigint,
    -- Orders that changed after the walk had passed them and were read again.
    caught_up         bigint      NOT NULL DEFAULT 0,
    rows              bigint      NOT NULL DEFAULT 0,
    -- Who did the last step and when, and what was in the way of it.
    worker            text,
    worked_at         timestamptz,
    trouble           text,
    next_step_at      timestamptz,
    -- Where the present worker began, for its rate.
    pace_since        timestamptz,
    pace_orders       bigint      NOT NULL DEFAULT 0,
    -- How the live table differed from the events: orders without a row, and rows with fewer events, for more than a minute;
    -- rows with more events than there are; rows with other values; rows without an order. And histories that cannot be read.
    missing           bigint      NOT NULL DEFAULT 0,
    behind            bigint      NOT NULL DEFAULT 0,
    ahead             bigint      NOT NULL DEFAULT 0,
    different         bigint      NOT NULL DEFAULT 0,
    unknown           bigint      NOT NULL DEFAULT 0,
    unreadable        bigint      NOT NULL DEFAULT 0,
    -- The first of these, as texts of the kind and the order's id.
    examples          jsonb       NOT NULL DEFAULT '[]'
);
-- At most one rebuild is open; serves the question of every batch whether there is one.
CREATE UNIQUE INDEX order_projection_rebuild_open ON order_projection_rebuild ((true)) WHERE ended_at IS NULL;

-- Orders whose rows changed in the live table since the rebuild started, to be read again. Empty without a rebuild.
CREATE TABLE order_projection_rebuild_change (order_id text NOT NULL COLLATE "C" PRIMARY KEY);

-- Why the live table cannot be replaced; NULL if it can. What depends on the table itself would be lost with it, or would go
-- on reading the old one.
CREATE FUNCTION order_projection_rebuild_obstacle() RETURNS text LANGUAGE sql STABLE AS $$
    WITH live AS (SELECT 'order_projection'::regclass AS id)
    SELECT string_agg(what, ', ' ORDER BY what) || ': drop it, rebuild, and make it again'
    FROM (
        SELECT DISTINCT 'the view ' || r.ev_class::regclass AS what
        FROM live JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = live.id
        JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        UNION ALL
        SELECT 'the trigger ' || tgname FROM live JOIN pg_trigger ON tgrelid = live.id WHERE NOT tgisinternal
        UNION ALL
        SELECT 'the policy ' || polname FROM live JOIN pg_policy ON polrelid = live.id
        UNION ALL
        SELECT 'the publication ' || pubname
        FROM live JOIN pg_publication_rel ON prrelid = live.id JOIN pg_publication p ON p.oid = prpubid
        UNION ALL
        SELECT 'the foreign key ' || conname FROM live JOIN pg_constraint ON live.id IN (conrelid, confrelid)
        WHERE contype = 'f'
        UNION ALL
        SELECT 'the child table ' || inhrelid::regclass FROM live JOIN pg_inherits ON inhparent = live.id
    ) AS found
$$;

-- Makes an empty table beside the live one, with its columns, constraints, indexes and settings.
CREATE FUNCTION order_projection_rebuild_prepare() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    obstacle text := order_projection_rebuild_obstacle();
    options  text;
BEGIN
    IF obstacle IS NOT NULL THEN
        RAISE EXCEPTION 'order_projection cannot be replaced because of %', obstacle;
    END IF;
    PERFORM order_projection_rebuild_discard();
    CREATE TABLE order_projection_shadow (LIKE order_projection INCLUDING ALL);
    SELECT string_agg(format('%s = %L', option_name, option_value), ', ') INTO options
    FROM pg_class CROSS JOIN pg_options_to_table(reloptions) WHERE oid = 'order_projection'::regclass;
    IF options IS NOT NULL THEN
        EXECUTE format('ALTER TABLE order_projection_shadow SET (%s)', options);
    END IF;
END
$$;

-- Leaves nothing of a rebuild behind but its receipt.
CREATE FUNCTION order_projection_rebuild_discard() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('order_projection_shadow') IS NOT NULL THEN
        DROP TABLE order_projection_shadow;
    END IF;
    TRUNCATE order_projection_rebuild_change;
END
$$;

-- Puts the new table in the place of the live one, under the same names and with the same grants.
CREATE FUNCTION order_projection_rebuild_switch() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    obstacle text := order_projection_rebuild_obstacle();
    names    text[];
    is_other boolean;
    granted  record;
    nth      integer;
BEGIN
    IF obstacle IS NOT NULL THEN
        RAISE EXCEPTION 'order_projection cannot be replaced because of %', obstacle;
    END IF;
    LOCK TABLE order_projection IN ACCESS EXCLUSIVE MODE;
    -- Indexes with the same definition take over the names of the old ones.
    WITH indexes AS (
        SELECT i.indrelid, c.relname, d.definition,
               row_number() OVER (PARTITION BY i.indrelid, d.definition ORDER BY c.relname) AS place
        FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid
        CROSS JOIN LATERAL (SELECT i.indisprimary::text || i.indisunique
                                   || substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*$') AS definition) AS d
        WHERE i.indrelid IN ('order_projection'::regclass, 'order_projection_shadow'::regclass)
    )
    SELECT array_agg(ARRAY[old.relname::text, new.relname::text]), bool_or(old.relname IS NULL OR new.relname IS NULL)
    INTO names, is_other
    FROM (SELECT * FROM indexes WHERE indrelid = 'order_projection'::regclass) AS old
    FULL JOIN (SELECT * FROM indexes WHERE indrelid = 'order_projection_shadow'::regclass) AS new
        USING (definition, place);
    IF is_other OR EXISTS (
        SELECT FROM (SELECT attname, atttypid, atttypmod, attnotnull, attnum FROM pg_attribute
                     WHERE attrelid = 'order_projection'::regclass AND attnum > 0 AND NOT attisdropped) AS old
        FULL JOIN (SELECT attname, atttypid, atttypmod, attnotnull, attnum FROM pg_attribute
                   WHERE attrelid = 'order_projection_shadow'::regclass AND attnum > 0 AND NOT attisdropped) AS new
            USING (attname, atttypid, atttypmod, attnotnull)
        WHERE old.attnum IS NULL OR new.attnum IS NULL)
    THEN
        RAISE EXCEPTION 'order_projection got another column or index since the rebuild began: stop it and begin again';
    END IF;
    FOR granted IN
        SELECT a.privilege_type || CASE WHEN attname IS NULL THEN '' ELSE format(' (%I)', attname) END AS privilege, a.is_grantable,
               CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee
        FROM (SELECT relowner, relacl AS acl, NULL::name AS attname FROM pg_class
              WHERE oid = 'order_projection'::regclass
              UNION ALL
              SELECT c.relowner, attacl, attname FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid
              WHERE c.oid = 'order_projection'::regclass AND attacl IS NOT NULL) AS owned
        CROSS JOIN aclexplode(acl) AS a
        WHERE a.grantee <> relowner
    LOOP
        EXECUTE format('GRANT %s ON order_projection_shadow TO %s%s', granted.privilege, granted.grantee,
                       CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
    DROP TABLE order_projection;
    ALTER TABLE order_projection_shadow RENAME TO order_projection;
    FOR nth IN 1 .. array_length(names, 1) LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', names[nth][2], names[nth][1]);
    END LOOP;
    TRUNCATE order_projection_rebuild_change;
END
$$;

REVOKE EXECUTE ON FUNCTION order_projection_rebuild_prepare(), order_projection_rebuild_discard(),
    order_projection_rebuild_switch() FROM PUBLIC;

COMMENT ON TABLE order_projection_rebuild IS 'Rebuilds of the read model: the open one, and the receipts of earlier ones.';
