-- What ListOrders reads: the first page, newest first.
SELECT order_id, payment_status::int4, shipping_status::int4, created_at, updated_at, last_sequence_number, customer_id, vendor_id
FROM order_projection ORDER BY created_at DESC, order_id DESC LIMIT 10 OFFSET 0;
