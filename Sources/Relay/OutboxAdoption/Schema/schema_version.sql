-- The version of the relay's schema, one row for each version that was applied to it.
--
-- Written by `outboxctl adopt`, `outboxctl migrate` and `outboxctl upgrade`. A schema without this table is of a
-- release that did not record versions; its version is then told from its columns.

CREATE TABLE IF NOT EXISTS :"schema".schema_version (
    version    integer PRIMARY KEY CHECK (version > 0),
    name       text    NOT NULL,
    -- NULL: applied before versions were recorded.
    applied_at timestamptz DEFAULT clock_timestamp()
);
-- The schema itself is the border: a role without USAGE on it sees nothing here.
GRANT SELECT ON :"schema".schema_version TO PUBLIC;
