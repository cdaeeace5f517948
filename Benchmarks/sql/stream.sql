-- What GetOrder reads: the stream of one random order of the sample table bench_order.
\set n random(1, :orders)
SELECT sequence_number, event_type, event_data, created_at FROM event
WHERE aggregate_id = (SELECT order_id FROM bench_order WHERE n = :n) ORDER BY sequence_number;
