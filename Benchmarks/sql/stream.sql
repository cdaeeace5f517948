-- What GetOrder reads: the stream of one random order.
\set n random(1, :orders)
SELECT sequence_number, event_type, event_data, created_at FROM event
WHERE aggregate_id = 'bench-read-' || :n ORDER BY sequence_number;
