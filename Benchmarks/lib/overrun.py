"""Not a speed: more calls in flight than the queues hold, while Postgres stands still. What is refused is refused at once, memory
stays bounded, and afterwards everything goes on and nothing acknowledged is missing."""
import json
import os
import subprocess
import time
import urllib.error
import urllib.request

from . import invariants, process, protobuf

# More than the queues of both lanes and the batches in flight: 12,800 to 2 × 4,096 + 2 × 256. 128 streams are what a connection may have.
CONNECTIONS, STREAMS = 100, 128
LOCK_SECONDS, FREEZE_SECONDS, LOAD_SECONDS, SAMPLE_SECONDS = 6, 14, 34, 0.1
# What the server's peak may be; measured: see docs/performance.md.
PEAK_MB = 300


class Overrun:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        bench.fresh_database()
        self.http, self.grpc = process.free_port(), process.free_port()
        self.acknowledged = os.path.join(bench.work, "overrun.acknowledged")
        self.bodies = os.path.join(bench.work, "overrun.bodies")
        protobuf.write_bodies(self.bodies, [protobuf.place_order(f"customer-{i}") for i in range(1000)])
        self.server = bench.start("orders-server", {
            "DATABASE_URL": bench.postgres.url(), "HTTP_PORT": str(self.http), "GRPC_PORT": str(self.grpc),
            "HTTP_HOST": "127.0.0.1", "GRPC_HOST": "127.0.0.1", "LOG_LEVEL": "critical"}, port=self.http)
        bench.wait_ready(f"http://127.0.0.1:{self.http}/readyz")

    def run(self):
        calm = self.load(16, 64, 2)
        before = self.server.memory_mb()
        load = self.start_load(CONNECTIONS, STREAMS, LOAD_SECONDS)
        time.sleep(2)
        locked = self.hold_lock()
        time.sleep(2)
        frozen = self.freeze()
        result = json.loads(load.communicate()[0])
        peak = self.server.memory_mb("VmHWM")
        after = self.load(16, 64, 2)
        statuses = {name: result["status"].get(code, 0) for code, name in
                    [("0", "OK"), ("8", "RESOURCE_EXHAUSTED"), ("14", "UNAVAILABLE"), ("10", "ABORTED"), ("2", "UNKNOWN")]}
        self.report.note(
            "overrun", f"{CONNECTIONS * STREAMS:,} calls in flight, table locked for {LOCK_SECONDS} s, Postgres frozen for {FREEZE_SECONDS} s: "
            + ", ".join(f"{name} {count:,}" for name, count in statuses.items()) + f"; slowest answer {result['max_us'] / 1e6:.1f} s; "
            f"REST while locked {locked}, while frozen {frozen}; resident {before:.0f} MB before, peak {peak:.0f} MB, "
            f"{self.server.memory_mb():.0f} MB after; orders per second {calm['per_second']:,.0f} before, {after['per_second']:,.0f} after",
            peak_mb=peak, **statuses)
        self.server.stop()
        self.check(result, statuses, locked, frozen, peak)

    def hold_lock(self):
        """Nobody can read or write events; returns what REST is answered meanwhile, and how quickly."""
        holder = subprocess.Popen(
            [os.path.join(self.bench.postgres.bin, "psql"), "-Xqc", "BEGIN; LOCK TABLE event IN ACCESS EXCLUSIVE MODE; "
             f"SELECT pg_sleep({LOCK_SECONDS}); COMMIT", self.bench.postgres.url()], stdout=subprocess.DEVNULL)
        time.sleep(LOCK_SECONDS / 2)
        answer = self.place_by_rest()
        if holder.wait() != 0:
            raise RuntimeError("the table could not be locked")
        return answer

    def freeze(self):
        self.bench.postgres.freeze()
        try:
            time.sleep(FREEZE_SECONDS - 1)
            return self.place_by_rest()
        finally:
            time.sleep(1)
            self.bench.postgres.thaw()

    def place_by_rest(self):
        body = json.dumps({"customer_id": "c", "vendor_id": "v", "product_id": "p", "quantity": 1, "total_price": 1.5,
                           "payment_method": "CREDIT_CARD"}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}/v1/orders", body, {"Content-Type": "application/json"})
        begin = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                status, wait = response.status, None
        except urllib.error.HTTPError as error:
            status, wait = error.code, error.headers["Retry-After"]
        return {"status": status, "Retry-After": wait, "ms": round((time.monotonic() - begin) * 1000)}

    def check(self, result, statuses, locked, frozen, peak):
        count = invariants.load_acknowledged(self.bench.postgres, self.acknowledged)
        known = sum(statuses.values()) == result["calls"] and result["unanswered"] == 0
        # A call whose outcome is unknown may have happened; every other refused one must not have.
        strangers = int(self.bench.postgres.sql("SELECT count(*) FROM event e LEFT JOIN acknowledged a ON a.order_id = e.aggregate_id"
                                                " WHERE a.order_id IS NULL"))
        promises = {
            "every call answered with a documented status": known, "refused at the bound": statuses["RESOURCE_EXHAUSTED"] > 0,
            "REST at the bound: 429 with Retry-After": locked["status"] == 429 and bool(locked["Retry-After"]),
            "REST while frozen: 503 with Retry-After": frozen["status"] == 503 and bool(frozen["Retry-After"]),
            f"peak below {PEAK_MB} MB": peak < PEAK_MB, "nothing refused is there": strangers <= statuses["UNKNOWN"],
        }
        broken = [name for name, holds in promises.items() if not holds]
        if broken:
            raise RuntimeError(f"overrun broke a promise: {broken}")
        invariants.check(self.bench, self.report, "the overrun", invariants.WRITES, invariants.ACKNOWLEDGED)
        self.report.note("overrun's promises", f"{count:,} acknowledged; kept: " + ", ".join(promises))

    def start_load(self, connections, streams, seconds):
        return self.bench.start_load(self.grpc, "/orders.v1.OrderService/PlaceOrder", self.bodies, connections, streams, seconds,
                                     record=self.acknowledged)

    def load(self, connections, streams, seconds):
        return json.loads(self.start_load(connections, streams, seconds).communicate()[0])
