"""Not a ratio: how fast `outboxctl verify` compares events, rows, records and the read model, and in how much memory.

Orders of three events each, published by the relay into the embedded Kafka. The audit reads each message four times: as an
event, as a row, as a record and in its order's row of the read model. VERIFY_ROWS is the number of messages.
"""
import json
import os
import subprocess

from lib import kafka, process, protobuf

GOAL_RATE, GOAL_MB = 200_000, 128
TOPIC = "outbox.event.order"
# The embedded Kafka keeps 5 MB of each.
PARTITIONS = 256


class Verify:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        self.postgres = bench.postgres

    def run(self):
        rows = int(os.environ.get("VERIFY_ROWS", 1_000_000))
        self.fill(rows // 3)
        server = kafka.start(self.bench, [f"{TOPIC}:{PARTITIONS}"])
        environment = {"DATABASE_URL": self.postgres.url(), **kafka.settings(server)}
        relay = self.bench.start("outbox-relay", {**environment, "RELAY_ADMIN_PORT": "-1"})
        process.wait_for("the outbox drained", lambda: self.postgres.sql("SELECT unpublished_rows FROM outbox_state") == "0", 300)
        relay.stop()
        for _ in range(self.bench.rounds):
            self.measure(environment)

    def fill(self, orders):
        self.bench.fresh_database()
        time = protobuf.timestamp(1_767_225_600 * 10**9)
        placed = protobuf.message([
            (1, "order"), (2, time), (3, "customer"), (4, "vendor"), (5, "product"), (6, 2), (7, 4_999), (8, "CREDIT_CARD")])
        later = protobuf.message([(1, "order"), (2, time)])
        self.postgres.sql(f"""
            INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data, created_at)
            SELECT gen_random_uuid(), '0190b0c0-7a40-7c3e-9d0a-' || lpad(o::text, 12, '0'), s, 'order',
                   (ARRAY['order_placed', 'order_payment_initiated', 'order_paid'])[s + 1],
                   CASE s WHEN 0 THEN '\\x{placed.hex()}'::bytea ELSE '\\x{later.hex()}' END, clock_timestamp()
            FROM generate_series(1, {orders}) AS o, generate_series(0, 2) AS s;
            INSERT INTO outbox (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload, created_at)
            SELECT event_id, aggregate_type, aggregate_id, sequence_number, event_type, event_data, created_at FROM event;
            INSERT INTO order_projection
            SELECT aggregate_id, 2, 'customer', 'vendor', 'product', 2, 4999, 'CREDIT_CARD', 3, 2, NULL, NULL,
                   min(created_at), max(created_at)
            FROM event GROUP BY aggregate_id""")
        self.postgres.sql("VACUUM ANALYZE")

    def measure(self, environment):
        done = subprocess.run([self.bench.binary("outboxctl"), "verify", "--json"], capture_output=True, text=True,
                              env={**os.environ, **environment})
        if done.returncode != 0:
            raise RuntimeError(f"outboxctl verify: {done.stdout} {done.stderr}")
        audit = json.loads(done.stdout)
        messages, seconds = audit["checked"]["records"], audit["seconds"]
        megabytes = audit["peak_bytes"] / 2**20
        self.report.note(
            f"v1 verify {messages} messages",
            f"{messages / seconds:,.0f}/s (goal: {GOAL_RATE:,}), {seconds:.1f} s, {megabytes:.0f} MB (goal: {GOAL_MB})",
            rate=messages / seconds, seconds=seconds, megabytes=megabytes)
