-- V0011 projection rebuild rights: orders-projector rebuilds the read model without owning it.
--
-- Run by orders-projector, under a role that may execute these functions and does not own a table (outboxctl role). They make and
-- drop the table beside the live one, so they run with the rights of their owner, who owns the live table as well.

-- Gives the new table the grants of the live one, so that the projector may fill it.
CREATE FUNCTION order_projection_rebuild_share() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT a.privilege_type, a.is_grantable,
               CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee
        FROM pg_class AS c CROSS JOIN aclexplode(c.relacl) AS a
        WHERE c.oid = 'order_projection'::regclass AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT %s ON order_projection_shadow TO %s%s', granted.privilege_type, granted.grantee,
                       CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
END
$$;

-- Makes an empty table beside the live one, with its columns, constraints, indexes, settings and grants.
CREATE OR REPLACE FUNCTION order_projection_rebuild_prepare() RETURNS void LANGUAGE plpgsql AS $$
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
    PERFORM order_projection_rebuild_share();
END
$$;

-- The new table's statistics: only an owner may make them, and without them its first readers get slow plans.
CREATE FUNCTION order_projection_rebuild_analyze() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ANALYZE order_projection_shadow;
END
$$;

REVOKE EXECUTE ON FUNCTION order_projection_rebuild_share(), order_projection_rebuild_analyze() FROM PUBLIC;

-- Nothing that the caller put into its search path, or into its temporary schema, is found before the tables.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY '{prepare,discard,switch,analyze}'::text[] LOOP
        EXECUTE format('ALTER FUNCTION order_projection_rebuild_%s() SECURITY DEFINER SET search_path = %I, pg_temp',
                       name, current_schema());
    END LOOP;
END
$$;
