"""Rows about the write path: Postgres and orders-server alone."""
import json
import os
import statistics
import subprocess

from . import invariants, process, protobuf

CONNECTIONS, STREAMS = 16, 64
LONG_HISTORY = 10_000
SERVICE = "/orders.v1.OrderService/"


class WritePath:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        self.events_found = self.events_acknowledged = 0
        bench.fresh_database()
        self.http, self.grpc = process.free_port(), process.free_port()
        self.server = bench.start("orders-server", {
            "DATABASE_URL": bench.postgres.url(), "HTTP_PORT": str(self.http), "GRPC_PORT": str(self.grpc),
            "HTTP_HOST": "127.0.0.1", "GRPC_HOST": "127.0.0.1"}, port=self.http)
        bench.wait_ready(f"http://127.0.0.1:{self.http}/readyz")

    def check_invariants(self):
        """After all rows: nothing half-written, and of what the gRPC loads were told, nothing missing and nothing twice."""
        invariants.check(self.bench, self.report, "the load on the write path", invariants.WRITES,
                         events_acknowledged=(self.events_found, self.events_acknowledged))

    def run(self):
        seconds, rounds = self.bench.seconds, self.bench.rounds
        sql = lambda name: os.path.join(self.bench.folder, "sql", name)
        place = lambda: self.bench.postgres.pgbench(sql("place.sql"), 16, seconds)
        settle = self.bench.postgres.settle
        self.place_bodies = self.bodies("place", [protobuf.place_order(f"customer-{i}") for i in range(1000)])
        warm = lambda: self.load("PlaceOrder", self.place_bodies, seconds=2)
        warm()

        def settled(figure):
            def run():
                settle()
                return figure()
            return run

        self.report.compare("1  PlaceOrder gRPC / pgbench place, 16 clients", settled(self.place_grpc), settled(place), rounds,
                            "≥ 2.0 (3)")
        self.report.compare("1b PlaceOrder gRPC / bare C lane, 2 lanes × 100", settled(self.place_grpc), settled(self.lane), rounds,
                            "≥ 0.75")
        self.report.compare("2  PlaceOrder REST / pgbench place, 16 clients", settled(self.place_rest), settled(place), rounds,
                            "≥ 0.6 (0.8)")
        for row, streams in (("2b", STREAMS), ("2c", 4)):
            flying = CONNECTIONS * streams
            self.report.compare(f"{row} PlaceOrder REST / PlaceOrder gRPC, {flying:,} in flight each",
                                settled(lambda: self.place_rest(flying)), settled(lambda: self.place_grpc(streams)), rounds, "≥ 0.6")
        self.report.compare("3  one client, gRPC median µs / pgbench median µs", settled(self.lone_grpc),
                            settled(lambda: self.lone_pgbench(sql("place.sql"))), rounds, "≤ 2.5 (1.5)", lower_is_better=True)
        self.existing_orders(rounds, seconds, sql, settled)
        self.long_history(rounds, settled)
        rss = self.server.memory_mb("VmHWM")
        self.check_invariants()
        self.report.note("orders-server", f"peak resident memory {rss:.0f} MB", peak_mb=rss)
        self.server.stop()

    # Figures: orders found in the table, not answers counted by the client.

    def growth(self, figure):
        """Every load waits for its last answer, so what the table has more is what was acknowledged, to the event."""
        before = self.bench.postgres.count("event")
        result = figure()
        grown = self.bench.postgres.count("event") - before
        self.events_found += grown
        self.events_acknowledged += sum(part["status"].get("0", 0) for part in result.get("results", [result]))
        return grown / result["seconds"], result

    def place_grpc(self, streams=STREAMS):
        return self.growth(lambda: self.load("PlaceOrder", self.place_bodies, streams=streams))[0]

    def lane(self):
        out = subprocess.run([self.bench.tool("lane"), self.bench.postgres.url(), "2", "100", str(self.bench.seconds)],
                             capture_output=True, text=True, check=True)
        return json.loads(out.stdout)["per_second"]

    def place_rest(self, connections=64):
        before = self.bench.postgres.count("event")
        subprocess.run(["wrk", "-t", "1", "-c", str(connections), "-d", str(self.bench.seconds),
                        "-s", os.path.join(self.bench.folder, "sql", "place.lua"), f"http://127.0.0.1:{self.http}/v1/orders"],
                       capture_output=True, check=True)
        return (self.bench.postgres.count("event") - before) / self.bench.seconds

    def lone_grpc(self):
        return self.load("PlaceOrder", self.place_bodies, 1, 1)["p50_us"]

    def lone_pgbench(self, script):
        prefix = os.path.join(self.bench.work, "lone")
        self.bench.postgres.pgbench(script, 1, self.bench.seconds, log_prefix=prefix)
        times = []
        for name in os.listdir(self.bench.work):
            if name.startswith("lone."):
                path = os.path.join(self.bench.work, name)
                times += [int(line.split()[2]) for line in open(path)]
                os.remove(path)
        return statistics.median(times)

    # Rows 4 and 5: streams of three events that exist already.

    def existing_orders(self, rounds, seconds, sql, settled):
        orders = self.bench.orders
        ids = self.insert_paid_orders(orders, "read")
        get = self.bodies("get", [protobuf.message([(1, i)]) for i in self.bench.shuffled(ids)])
        variables = [("orders", orders)]
        self.report.compare(
            "4  GetOrder gRPC / pgbench select of the stream", settled(lambda: self.load("GetOrder", get)["per_second"]),
            settled(lambda: self.bench.postgres.pgbench(sql("stream.sql"), 16, seconds, variables)), rounds, "≥ 1.5")
        self.report.compare(
            "5  Cancel + shipping gRPC / pgbench select + insert", settled(self.commands),
            settled(lambda: self.bench.postgres.pgbench(sql("append.sql"), 16, seconds, variables)), rounds, "≥ 1.0")

    def long_history(self, rounds, settled):
        """The state of a long order is kept, so reading it must cost about what reading a short one does."""
        streams = [("history-long", protobuf.moving_order_events("history-long", LONG_HISTORY)),
                   ("history-short", protobuf.paid_order_events("history-short"))]
        self.insert_events(streams)
        long, short = (self.bodies(order, [protobuf.message([(1, order)])]) for order, _ in streams)
        lone = lambda body, maximum=None: json.loads(self.start_load("GetOrder", body, 1, 1, maximum).communicate()[0])["p50_us"]
        first = lone(long, 1)
        self.report.compare(f"4b GetOrder of {LONG_HISTORY:,} events / of 3, one client, µs", settled(lambda: lone(long)),
                            settled(lambda: lone(short)), rounds, "≤ 1.1", lower_is_better=True)
        self.report.note("long history", f"the first GetOrder of {LONG_HISTORY:,} events took {first / 1000:.1f} ms", first_us=first)

    def commands(self):
        """Half the connections cancel, half ship; every order is new to both, so that no command is refused."""
        self.generation = getattr(self, "generation", 0) + 1
        fresh = self.insert_paid_orders(self.bench.orders, f"write{self.generation}")
        half = len(fresh) // 2
        cancel = self.bodies("cancel", [protobuf.message([(1, i), (2, "benchmark")]) for i in fresh[:half]])
        ship = self.bodies("ship", [protobuf.message([(1, i), (2, 3)]) for i in fresh[half:]])
        self.bench.postgres.settle()

        def both():
            loads = [self.start_load("CancelOrder", cancel, CONNECTIONS // 2, STREAMS, half),
                     self.start_load("UpdateOrderShippingStatus", ship, CONNECTIONS // 2, STREAMS, half)]
            results = [json.loads(load.communicate()[0]) for load in loads]
            return {"seconds": max(r["seconds"] for r in results), "results": results}
        return self.growth(both)[0]

    def insert_paid_orders(self, count, kind):
        """Streams of three events; the ids tell pgbench, too, which orders there are."""
        ids = [f"bench-{kind}-{n}" for n in range(1, count + 1)]
        self.insert_events((order, protobuf.paid_order_events(order)) for order in ids)
        return ids

    def insert_events(self, streams):
        """streams: pairs of an order's id and its events."""
        path = os.path.join(self.bench.work, "events.copy")
        with open(path, "w") as f:
            for order, events in streams:
                for sequence, (event, data) in enumerate(events):
                    f.write(f"{protobuf.uuid_v7()}\t{order}\t{sequence}\torder\t{event}\t\\\\x{data.hex()}\n")
        columns = "event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data"
        self.bench.postgres.sql(f"\\copy event ({columns}) FROM '{path}'")
        self.bench.postgres.sql("VACUUM ANALYZE event")
        os.remove(path)

    def bodies(self, name, messages):
        path = os.path.join(self.bench.work, name + ".bodies")
        protobuf.write_bodies(path, messages)
        return path

    def start_load(self, method, bodies, connections=CONNECTIONS, streams=STREAMS, maximum=None, seconds=None):
        return self.bench.start_load(self.grpc, SERVICE + method, bodies, connections, streams, seconds or self.bench.seconds, maximum)

    def load(self, method, bodies, connections=CONNECTIONS, streams=STREAMS, seconds=None):
        out = self.start_load(method, bodies, connections, streams, seconds=seconds).communicate()[0]
        return json.loads(out)
