"""The whole stack: from PlaceOrder to a projection that shows the order paid."""
import json
import os
import time

from . import invariants, kafka, process, protobuf

SERVICES = ["orders-server", "outbox-relay", "orders-projector", "orders-payments"]


class Pipeline:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        bench.fresh_database()
        self.kafka = kafka.start(bench, ["outbox.event.order:64"])
        self.http, self.grpc = process.free_port(), process.free_port()
        ports = {"HTTP_HOST": "127.0.0.1", "GRPC_HOST": "127.0.0.1", "HTTP_PORT": str(self.http), "GRPC_PORT": str(self.grpc)}
        self.servers = [bench.start(name, {**kafka.settings(self.kafka), "DATABASE_URL": bench.postgres.url(), "RELAY_ADMIN_PORT": "0", "PROJECTOR_ADMIN_PORT": "0", "PAYMENTS_ADMIN_PORT": "0",
                                           "LOG_LEVEL": "warning", **ports}, self.grpc if name == "orders-server" else None)
                        for name in SERVICES]
        bench.wait_ready(f"http://127.0.0.1:{self.http}/readyz")

    def run(self):
        orders = self.bench.orders
        bodies = os.path.join(self.bench.work, "place.bodies")
        protobuf.write_bodies(bodies, [protobuf.place_order(f"customer-{i}") for i in range(1000)])
        watched = self.servers + [self.kafka]
        used = [server.cpu_seconds() for server in watched]
        begin = time.monotonic()
        out = self.bench.start_load(self.grpc, "/orders.v1.OrderService/PlaceOrder", bodies, 16, 64, 120, orders).communicate()[0]
        placed = time.monotonic() - begin
        acknowledged = json.loads(out)["status"].get("0", 0)
        self.wait_paid(acknowledged)
        seconds = time.monotonic() - begin
        cpu = ", ".join(f"{server.name} {(server.cpu_seconds() - before) / seconds:.2f} cores, {server.memory_mb('VmHWM'):.0f} MB"
                        for server, before in zip(watched, used))
        events = self.bench.postgres.count("event")
        self.report.note(
            "6  whole stack", f"{acknowledged:,} orders placed in {placed:.1f} s ({acknowledged / placed:,.0f}/s), all shown as paid "
            f"after {seconds:.1f} s: {acknowledged / seconds:,.0f} orders/s, {events / seconds:,.0f} events/s; {cpu}",
            orders_per_second=acknowledged / seconds, events_per_second=events / seconds)
        self.check_invariants(acknowledged)
        for server in self.servers:
            server.stop()

    def wait_paid(self, orders):
        paid = lambda: self.bench.postgres.count("order_projection WHERE payment_status = 3") >= orders
        deadline = time.monotonic() + 600
        while not paid():
            if time.monotonic() > deadline:
                raise RuntimeError("the projection never showed all orders paid")
            time.sleep(0.25)

    def check_invariants(self, acknowledged):
        process.wait_for("the relay to drain", lambda: self.bench.postgres.sql("SELECT unpublished_rows FROM outbox_state") == "0")
        orders = self.bench.postgres.count("event WHERE sequence_number = 0")
        invariants.check(self.bench, self.report, "the pipeline's load", invariants.WRITES, invariants.PIPELINE,
                         orders_placed=(orders, acknowledged))
