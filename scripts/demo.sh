#!/bin/bash
# Places orders over REST and gRPC, then prints the journey of one order: events, outbox rows, Kafka messages, projection row.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"
cd "$root"

"$scripts/status.sh" --quiet || die "the stack is not up: make up"
source "$data/env"
order='{"customer_id":"ada","vendor_id":"acme","product_id":"lamp","quantity":2,"total_price":39.90,"payment_method":"CREDIT_CARD"}'

say "== One order over REST"
answer="$(curl -fsS -X POST "$HTTP_URL/v1/orders" -H 'Content-Type: application/json' -d "$order")"
say "$answer"
id="$(sed -E 's/.*"order_id": *"([^"]+)".*/\1/' <<<"$answer")"

say "" "== All five calls over gRPC, with Python's grpcio"
"$("$scripts/python.sh")" Tests/Clients/order_calls.py "$GRPC_ADDRESS"

# The first order is paid by now: the Python client waited for the payment of a later order.
say "" "== The journey of $id"
sql() { psql -d "$DATABASE_URL" -X -v id="$id" <<<"$1"; }
say "-- its events, the source of truth"
sql "SELECT sequence_number, event_type, created_at FROM event WHERE aggregate_id = :'id' ORDER BY sequence_number"
say "-- its outbox rows, written in the same transactions"
sql "SELECT outbox_id, transaction_id, sequence_number, event_type FROM outbox WHERE aggregate_id = :'id' ORDER BY outbox_id"
say "-- its messages in Kafka, topic outbox.event.order"
kcat -b "$KAFKA_BOOTSTRAP_SERVERS" -t outbox.event.order -C -e -q -f '%k partition %p offset %o  %h\n' |
    sed -nE "s/^$id (partition [0-9]+ offset [0-9]+).*ce_type=([^,]*).*/\1  \2/p"
say "" "-- its row in the read model"
sql "SELECT order_id, last_sequence_number, payment_status, shipping_status, updated_at FROM order_projection WHERE order_id = :'id'"
say "-- and what REST answers"
curl -fsS "$HTTP_URL/v1/orders/$id"
say ""
