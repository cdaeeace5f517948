"""Not a speed: kill -9 of the server and of Postgres, in turn, at random moments of a full load; then every answer is looked up."""
import os
import random
import signal
import time

from . import invariants, process, protobuf

CRASHES = 20
LOAD_SECONDS = 4


class Crash:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        self.seed = int(os.environ.get("SEED", time.time_ns() % 1000000))
        self.random = random.Random(self.seed)
        bench.fresh_database()
        self.http, self.grpc = process.free_port(), process.free_port()
        self.acknowledged = os.path.join(bench.work, "acknowledged")
        self.bodies = os.path.join(bench.work, "crash.bodies")
        protobuf.write_bodies(self.bodies, [protobuf.place_order(f"customer-{i}") for i in range(1000)])

    def run(self):
        server = self.start()
        for number in range(CRASHES):
            load = self.load()
            time.sleep(self.random.uniform(0.3, LOAD_SECONDS - 1))
            if number % 2 == 0:
                server.stop(signal.SIGKILL)
                load.communicate()
                server = self.start()
            else:
                self.bench.postgres.crash()
                self.bench.postgres.start()
                load.communicate()
                self.bench.wait_ready(f"http://127.0.0.1:{self.http}/readyz")
        peak = server.memory_mb("VmHWM")
        server.stop()
        self.check(peak)

    def start(self):
        server = self.bench.start("orders-server", {
            "DATABASE_URL": self.bench.postgres.url(), "HTTP_PORT": str(self.http), "GRPC_PORT": str(self.grpc),
            "HTTP_HOST": "127.0.0.1", "GRPC_HOST": "127.0.0.1", "LOG_LEVEL": "critical"}, port=self.http)
        self.bench.wait_ready(f"http://127.0.0.1:{self.http}/readyz")
        return server

    def load(self):
        return self.bench.start_load(self.grpc, "/orders.v1.OrderService/PlaceOrder", self.bodies, 16, 64, LOAD_SECONDS,
                                     record=self.acknowledged)

    def check(self, peak):
        acknowledged = invariants.load_acknowledged(self.bench.postgres, self.acknowledged)
        events = self.bench.postgres.count("event")
        self.report.note("crashes", f"{CRASHES} × kill -9 under load (seed {self.seed}): acknowledged {acknowledged:,}, events {events:,}; "
                         f"server's peak {peak:.0f} MB", acknowledged=acknowledged, events=events)
        invariants.check(self.bench, self.report, f"the crashes (seed {self.seed})", invariants.WRITES, invariants.ACKNOWLEDGED)
