-- The outbox under the column names that the relay knows. The query comes from the table's mapping, which the comment
-- keeps.
--
-- Made when a table is adopted, and again when its mapping changes.

CREATE OR REPLACE VIEW :"schema".source AS
    :source;
COMMENT ON VIEW :"schema".source IS :'mapping';
