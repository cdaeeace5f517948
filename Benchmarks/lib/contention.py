"""Not a speed: many clients ship and cancel the same few orders through two servers, while payments pays them. Every acknowledged
command must be in its order's stream exactly once, at the version it was told; every refused one must be absent."""
import http.client
import json
import os
import random
import threading
import time

from . import invariants, kafka, process

SERVICES = ["outbox-relay", "orders-projector", "orders-payments"]
# An order takes few commands: in transit once, then delivered or cancelled. So many rounds of a short, dense race.
ROUNDS, HOT_ORDERS, CLIENTS, COMMANDS_EACH = 60, 5, 24, 8
SHIPPING = ["SHIPPING_STATUS_IN_TRANSIT", "SHIPPING_STATUS_DELIVERED"]
EVENTS = {"ship": "order_shipping_status_updated", "cancel": "order_cancelled"}
# Refused for what the order is, or lost too often against others: nothing was written.
REFUSED = (400, 409)


class Contention:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        self.seed = int(os.environ.get("SEED", time.time_ns() % 1000000))
        bench.fresh_database()
        self.kafka = kafka.start(bench, ["outbox.event.order:64"])
        shared = {**kafka.settings(self.kafka), "DATABASE_URL": bench.postgres.url(), "RELAY_ADMIN_PORT": "0", "PROJECTOR_ADMIN_PORT": "0",
                  "PAYMENTS_ADMIN_PORT": "0", "LOG_LEVEL": "warning", "HTTP_HOST": "127.0.0.1", "GRPC_HOST": "127.0.0.1"}
        self.servers = [bench.start(name, shared) for name in SERVICES]
        self.ports = [process.free_port() for _ in range(2)]
        for port in self.ports:
            self.servers.append(bench.start("orders-server", {**shared, "HTTP_PORT": str(port), "GRPC_PORT": "0"}, port))
            bench.wait_ready(f"http://127.0.0.1:{port}/readyz")
        self.lock, self.acknowledged, self.refused, self.strange = threading.Lock(), [], 0, []

    def run(self):
        for number in range(ROUNDS):
            orders = [self.place() for _ in range(HOT_ORDERS)]
            # Shipping before the payment is refused; half the rounds wait for it, in the others it is part of the race.
            if number % 2 == 0:
                self.wait_paid(orders)
            clients = [threading.Thread(target=self.hammer, args=(orders, number * CLIENTS + i)) for i in range(CLIENTS)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
        if self.strange:
            raise RuntimeError(f"contention (seed {self.seed}): answers that say neither yes nor no: {self.strange[:5]}")
        self.drain()
        self.check()
        for server in self.servers:
            server.stop()

    def hammer(self, orders, number):
        chance = random.Random(self.seed + number)
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[number % 2], timeout=60)
        for _ in range(COMMANDS_EACH):
            order = chance.choice(orders)
            if chance.random() < 0.2:
                kind, path, body = "cancel", "cancel", {"reason": f"client {number}"}
            else:
                kind, path, body = "ship", "shipping-status", {"status": chance.choice(SHIPPING)}
            self.note(order, kind, *self.send(connection, f"/v1/orders/{order}/{path}", body))
        connection.close()

    def note(self, order, kind, status, version):
        with self.lock:
            if status == 200:
                self.acknowledged.append((order, version, kind))
            elif status in REFUSED:
                self.refused += 1
            else:
                self.strange.append((order, kind, status))

    def place(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[0], timeout=60)
        body = {"customer_id": "hot", "vendor_id": "v", "product_id": "p", "quantity": 1, "total_price": 1.5, "payment_method": "CARD"}
        connection.request("POST", "/v1/orders", json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())["order_id"]

    @staticmethod
    def send(connection, path, body):
        connection.request("POST" if path.endswith("cancel") else "PUT", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        return response.status, int((response.headers.get("ETag") or '"0"').strip('"'))

    def wait_paid(self, orders):
        wanted = ", ".join(f"'{order}'" for order in orders)
        process.wait_for("the payment of the hot orders", lambda: self.bench.postgres.count(
            f"event WHERE event_type = 'order_paid' AND aggregate_id IN ({wanted})") == len(orders))

    def drain(self):
        behind = "SELECT count(*) FROM (SELECT aggregate_id, max(sequence_number) AS last FROM event GROUP BY 1) e LEFT JOIN" \
                 " order_projection p ON p.order_id = e.aggregate_id WHERE p.last_sequence_number IS DISTINCT FROM e.last"
        process.wait_for("the stack to drain", lambda: self.bench.postgres.sql(behind) == "0"
                         and self.bench.postgres.sql("SELECT unpublished_rows FROM outbox_state") == "0")

    def check(self):
        path = os.path.join(self.bench.work, "contention.acknowledged")
        with open(path, "w") as f:
            f.writelines(f"{order}\t{version}\t{EVENTS[kind]}\n" for order, version, kind in self.acknowledged)
        sql = self.bench.postgres.sql
        sql("DROP TABLE IF EXISTS commanded; CREATE TABLE commanded (order_id text, version bigint, event_type text);\n"
            f"\\copy commanded FROM '{path}'")
        commands = {
            "acknowledged commands that are not where they were told":
                "SELECT count(*) FROM commanded c LEFT JOIN event e ON e.aggregate_id = c.order_id AND e.sequence_number = c.version - 1"
                " WHERE e.event_type IS DISTINCT FROM c.event_type",
            "versions told twice": "SELECT count(*) - count(DISTINCT (order_id, version)) FROM commanded",
            "refused commands that happened":
                "SELECT count(*) FROM event e LEFT JOIN commanded c ON e.aggregate_id = c.order_id AND e.sequence_number = c.version - 1"
                " WHERE e.event_type IN ('order_shipping_status_updated', 'order_cancelled') AND c.order_id IS NULL",
            "orders placed or paid twice": "SELECT count(*) FROM (SELECT 1 FROM event WHERE event_type IN ('order_placed', 'order_paid')"
                                           " GROUP BY aggregate_id, event_type HAVING count(*) > 1) x",
        }
        invariants.check(self.bench, self.report, "the contention", commands, invariants.WRITES, invariants.PIPELINE)
        kinds = [kind for _, _, kind in self.acknowledged]
        if not kinds.count("ship") or not kinds.count("cancel") or not self.refused:
            raise RuntimeError(f"contention (seed {self.seed}): nobody raced: {len(kinds)} acknowledged, {self.refused} refused")
        self.report.note(
            "contention", f"{ROUNDS * HOT_ORDERS} hot orders, {CLIENTS} clients through 2 servers, with payments (seed {self.seed}): "
            f"{kinds.count('ship'):,} shipping updates and {kinds.count('cancel'):,} cancellations acknowledged, each in its stream exactly "
            f"once; {self.refused:,} refused, none there", acknowledged=len(kinds), refused=self.refused)
