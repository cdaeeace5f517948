-- What a command on an existing order does: read its stream, then append the next event and its outbox row.
\set n random(1, :orders)
BEGIN;
SELECT sequence_number, event_type, event_data, created_at FROM event
WHERE aggregate_id = 'bench-read-' || :n ORDER BY sequence_number;
WITH appended AS (
    INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data)
    SELECT gen_random_uuid(), 'bench-read-' || :n, coalesce(max(sequence_number), -1) + 1, 'order', 'order_cancelled',
           decode(repeat('78', 60), 'hex')
    FROM event WHERE aggregate_id = 'bench-read-' || :n
    ON CONFLICT DO NOTHING
    RETURNING event_id, aggregate_type, aggregate_id, sequence_number, event_type, event_data
)
INSERT INTO outbox (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload)
SELECT event_id, aggregate_type, aggregate_id, sequence_number, event_type, event_data FROM appended;
END;
