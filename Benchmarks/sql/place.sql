-- What PlaceOrder does, one transaction per order: the event and its outbox row in one statement. The id sorts by time, as the
-- server's UUIDv7 do, so that both fill the rightmost index page.
WITH appended AS (
    INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data)
    VALUES (gen_random_uuid(),
            lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || substr(gen_random_uuid()::text, 13),
            0, 'order', 'order_placed', decode(repeat('78', 150), 'hex'))
    RETURNING event_id, aggregate_type, aggregate_id, sequence_number, event_type, event_data
)
INSERT INTO outbox (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload)
SELECT event_id, aggregate_type, aggregate_id, sequence_number, event_type, event_data FROM appended;
