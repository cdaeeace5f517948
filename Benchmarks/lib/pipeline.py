"""The whole stack: from PlaceOrder to a projection that shows the order paid, in the situations that it meets, and its halves alone."""
import http.client
import json
import os
import statistics
import subprocess
import time

from . import invariants, kafka, process, protobuf

SERVICES = ["orders-server", "outbox-relay", "orders-projector", "orders-payments"]
# As make up sets them: in the embedded Kafka a waiting fetch ignores new messages.
CONSUMER = {"KAFKA_FETCH_WAIT_MAX_MS": "10", "KAFKA_SESSION_TIMEOUT_MS": "6000"}
GOAL = 10_000
EVENTS_PER_ORDER = 3
SINGLE_ORDERS = 12
LONE_ORDERS = 200
GATEWAY_MS = 50


class Watch:
    """One session that counts rows again and again; a psql for each look would cost a tenth of a core of what is measured."""

    def __init__(self, postgres):
        self.session = subprocess.Popen([os.path.join(postgres.bin, "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", postgres.url()],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, query):
        self.session.stdin.write(query + ";\n")
        self.session.stdin.flush()
        return self.session.stdout.readline().strip()

    def wait_count(self, table, wanted, seconds=600):
        """Waits for so many rows; returns the time at which they were seen."""
        deadline = time.monotonic() + seconds
        while int(self.ask(f"SELECT count(*) FROM {table}")) < wanted:
            if time.monotonic() > deadline:
                raise RuntimeError(f"there were never {wanted:,} rows in {table}")
            time.sleep(0.05)
        return time.monotonic()

    def close(self):
        self.session.stdin.close()
        self.session.wait()


class Stack:
    """Fresh tables, a fresh Kafka and the four services. Stopped with the bench at the latest."""

    def __init__(self, bench, payments=None):
        self.bench = bench
        bench.fresh_database()
        self.kafka = kafka.start(bench, ["outbox.event.order:64"])
        self.http, self.grpc = process.free_port(), process.free_port()
        self.admin = {name: process.free_port() for name in SERVICES[1:]}
        shared = {**kafka.settings(self.kafka), "DATABASE_URL": bench.postgres.url(), "LOG_LEVEL": "warning", "HTTP_HOST": "127.0.0.1",
                  "GRPC_HOST": "127.0.0.1", "HTTP_PORT": str(self.http), "GRPC_PORT": str(self.grpc)}
        self.settings = {
            "orders-server": shared,
            "outbox-relay": {**shared, "RELAY_ADMIN_PORT": str(self.admin["outbox-relay"])},
            "orders-projector": {**shared, **CONSUMER, "PROJECTOR_ADMIN_PORT": str(self.admin["orders-projector"])},
            "orders-payments": {**shared, **CONSUMER, **(payments or {}), "PAYMENTS_ADMIN_PORT": str(self.admin["orders-payments"])},
        }
        self.servers = {}
        for name in SERVICES:
            self.start(name)

    def start(self, name):
        self.servers[name] = self.bench.start(name, self.settings[name], self.grpc if name == "orders-server" else None)
        port = self.http if name == "orders-server" else self.admin[name]
        self.bench.wait_ready(f"http://127.0.0.1:{port}/readyz")

    def stop(self, *names):
        for name in names or SERVICES:
            self.servers[name].stop()
        if not names and hasattr(self.kafka, "stop"):
            self.kafka.stop()

    # Orders

    def place(self, connection):
        body = json.dumps({"customer_id": "ada", "vendor_id": "acme", "product_id": "lamp", "quantity": 2, "total_price": 39.90,
                           "payment_method": "CREDIT_CARD"})
        connection.request("POST", "/v1/orders", body, {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())["order_id"]

    def place_single(self):
        """One order by hand, and the next one only when the list shows this one paid."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http)
        order = self.place(connection)
        connection.close()
        process.wait_for("a single order to be paid", lambda: self.bench.postgres.count(
            f"order_projection WHERE order_id = '{order}' AND payment_status = 3") == 1)

    def show_lone(self, connection):
        """An order while nothing else happens; returns after how long the list shows it, and shows it paid."""
        order, begin, times = self.place(connection), time.monotonic(), []
        for version in [1, EVENTS_PER_ORDER]:
            while True:
                connection.request("GET", f"/v1/orders?page_size=1&at_least={order}@{version}")
                answer = connection.getresponse()
                answer.read()
                # Until it is paid, the order has no such version.
                if answer.status == 200:
                    break
            times.append(time.monotonic() - begin)
        return times

    def load(self, orders):
        """Places the orders as fast as they are accepted; returns how many were."""
        bodies = os.path.join(self.bench.work, "place.bodies")
        protobuf.write_bodies(bodies, [protobuf.place_order(f"customer-{i}") for i in range(1000)])
        out = self.bench.start_load(self.grpc, "/orders.v1.OrderService/PlaceOrder", bodies, 16, 64, 120, orders).communicate()[0]
        return json.loads(out)["status"].get("0", 0)

    def wait_relayed(self):
        process.wait_for("the relay to drain", lambda: self.bench.postgres.sql("SELECT unpublished_rows FROM outbox_state") == "0", 300)

    # Processor time

    def cpu(self):
        used = {server.name: server.cpu_seconds() for server in [*self.servers.values(), self.kafka]}
        used["postgres"] = self.bench.postgres.cpu_seconds()
        return used

    def sessions(self):
        """Seconds of processor time of the server processes, by the program that they serve."""
        rows = self.bench.postgres.sql("SELECT string_agg(pid || ' ' || split_part(application_name, ' ', 1), ',') FROM pg_stat_activity "
                                       "WHERE datname = current_database() AND pid <> pg_backend_pid()")
        used = {}
        for row in rows.split(","):
            pid, name = row.split(" ", 1)
            used[name] = used.get(name, 0) + process.cpu_seconds(int(pid))
        return used

    def used_since(self, before, orders):
        """Microseconds of processor time per order, of each process."""
        now = self.cpu()
        spent = {name: (now[name] - before.get(name, 0)) * 1e6 / orders for name in now}
        parts = ", ".join(f"{name} {us:.0f}" for name, us in spent.items())
        sessions = ", ".join(f"{name} {seconds * 1e6 / orders:.0f}" for name, seconds in sorted(self.sessions().items()))
        memory = ", ".join(f"{server.name} {server.memory_mb('VmHWM'):.0f}" for server in self.servers.values())
        return f"us of processor time per order: {sum(spent.values()):.0f} ({parts}; Postgres for {sessions}); MB at most: {memory}"


class Pipeline:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        self.orders = min(bench.orders, 30_000)

    def run(self):
        wanted = os.environ.get("PIPELINE", "singles plain busy gateway projection lone").split()
        if "singles" in wanted:
            self.whole("fresh, a dozen single orders, then the load", singles=SINGLE_ORDERS)
        if "plain" in wanted:
            self.whole("fresh, the load at once")
        if "busy" in wanted:
            self.whole("PAYMENTS_CONCURRENCY=16384", payments={"PAYMENTS_CONCURRENCY": "16384"})
        if "gateway" in wanted:
            self.whole(f"gateway of {GATEWAY_MS} ms", payments={"PAYMENTS_GATEWAY_LATENCY_MS": str(GATEWAY_MS)})
        if "projection" in wanted:
            self.projection_alone()
        if "lone" in wanted:
            self.lone_orders()

    def whole(self, name, singles=0, payments=None):
        stack = Stack(self.bench, payments)
        for _ in range(singles):
            stack.place_single()
        watch = Watch(self.bench.postgres)
        watch.ask("SELECT set_config('enable_seqscan', 'off', false)")
        before, begin, clock = stack.cpu(), time.monotonic(), time.time()
        orders = stack.load(self.orders)
        placed = time.monotonic() - begin
        everything = orders + singles
        shown = watch.wait_count("order_projection WHERE payment_status = 3", everything) - begin
        # The time of the event, so that nothing has to look while it happens.
        paid = float(watch.ask("SELECT extract(epoch FROM max(created_at)) FROM event WHERE event_type = 'order_paid'")) - clock
        watch.close()
        self.report.note(
            f"6  whole stack, {name}", f"{orders:,} orders: placed in {placed:.1f} s ({orders / placed:,.0f}/s), paid after {paid:.1f} s "
            f"({orders / paid:,.0f}/s), shown as paid after {shown:.1f} s: {orders / shown:,.0f} orders/s (goal {GOAL:,}), "
            f"{EVENTS_PER_ORDER * orders / shown:,.0f} events/s; {stack.used_since(before, orders)}; {self.projection_writes()}",
            orders_per_second=orders / shown, paid_per_second=orders / paid)
        self.check_invariants(stack, everything)
        stack.stop()

    def projection_alone(self):
        """The events of paid orders wait in Kafka; only the projector works."""
        stack = Stack(self.bench)
        stack.place_single()
        # It has its positions in the database and goes on there.
        stack.stop("orders-projector")
        orders = stack.load(self.orders) + 1
        watch = Watch(self.bench.postgres)
        watch.wait_count("event WHERE event_type = 'order_paid'", orders)
        stack.wait_relayed()
        stack.stop("orders-payments", "orders-server", "outbox-relay")
        before = self.bench.postgres.cpu_seconds()
        stack.start("orders-projector")
        # The group gives the partitions after a while; what counts begins with the first row.
        first = watch.wait_count("order_projection", 2)
        rows = int(watch.ask("SELECT count(*) FROM order_projection"))
        last = watch.wait_count("order_projection WHERE payment_status = 3", orders)
        watch.close()
        events = EVENTS_PER_ORDER * (orders - rows)
        server = stack.servers["orders-projector"]
        self.report.note(
            "6  projection alone", f"{events:,} events in {last - first:.1f} s behind the first batch: {events / max(last - first, 1e-9):,.0f} "
            f"events/s; us of processor time per event: projector {server.cpu_seconds() * 1e6 / (EVENTS_PER_ORDER * orders):.1f}, Postgres "
            f"{(self.bench.postgres.cpu_seconds() - before) * 1e6 / (EVENTS_PER_ORDER * orders):.1f}; {server.memory_mb('VmHWM'):.0f} MB; "
            f"{self.projection_writes()}", events_per_second=events / max(last - first, 1e-9))
        stack.stop()

    def lone_orders(self):
        stack = Stack(self.bench)
        connection = http.client.HTTPConnection("127.0.0.1", stack.http)
        for _ in range(SINGLE_ORDERS):
            stack.show_lone(connection)
        before = stack.cpu()
        times = [stack.show_lone(connection) for _ in range(LONE_ORDERS)]
        connection.close()
        shown, paid = ([1_000 * measured[i] for measured in times] for i in range(2))
        self.report.note(
            "6  one order at a time", f"ms from the answer to PlaceOrder until the list shows the order: {self.spread(shown)}, and shows it "
            f"paid: {self.spread(paid)}; {stack.used_since(before, LONE_ORDERS)}", shown_ms=statistics.median(shown),
            paid_ms=statistics.median(paid))
        stack.stop()

    @staticmethod
    def spread(times):
        return f"{statistics.median(times):.1f} in the median, {sorted(times)[len(times) * 95 // 100]:.1f} at the 95th percentile"

    def projection_writes(self):
        statistics = "FROM pg_stat_user_tables WHERE relname = 'order_projection'"
        process.wait_for("the statistics of the projection", lambda: int(self.bench.postgres.sql(f"SELECT n_tup_ins {statistics}"))
                         >= self.bench.postgres.count("order_projection"))
        row = self.bench.postgres.sql("SELECT n_tup_ins || ' inserts, ' || n_tup_upd || ' updates (' || n_tup_hot_upd || ' HOT)' "
                                      "FROM pg_stat_user_tables WHERE relname = 'order_projection'")
        return f"rows of the projection: {row}"

    def check_invariants(self, stack, acknowledged):
        stack.wait_relayed()
        orders = self.bench.postgres.count("event WHERE sequence_number = 0")
        invariants.check(self.bench, self.report, "the pipeline's load", invariants.WRITES, invariants.PIPELINE,
                         orders_placed=(orders, acknowledged))
