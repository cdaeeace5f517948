-- V0010 projection, last sequence number: "version" has one meaning, the number of an order's events.
--
-- The API's version of an order is that number. The read model's column of this name held the sequence number of the last
-- event, which counts from 0 and is one less. The column keeps its content and is named for it.

ALTER TABLE order_projection RENAME COLUMN version TO last_sequence_number;
DO $$
BEGIN
    -- An open rebuild goes on with its table.
    IF to_regclass('order_projection_shadow') IS NOT NULL THEN
        ALTER TABLE order_projection_shadow RENAME COLUMN version TO last_sequence_number;
    END IF;
END
$$;

COMMENT ON COLUMN order_projection.last_sequence_number IS
    'Sequence number of the last event that the row contains. It only grows. The version that the API shows is one more.';
