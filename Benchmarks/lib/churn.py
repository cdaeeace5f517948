"""Not a speed: an hour of churn, compressed. Rows live for seconds and leave, and a transaction is held open all along, so that no
dead row can be removed: what piles up anyway, and what the last batches cost compared with the first."""
import os
import statistics
import subprocess
import time

from . import kafka, process, protobuf, relay

RATE = 2000
CLIENTS = 4
RETENTION_SECONDS = 6
# Tables that change places grow and shrink: only many looks find how large they get.
SAMPLES = 60
TABLES = {"outbox": "relname LIKE 'outbox%' AND relkind = 'r' AND relnamespace = 'public'::regnamespace",
          "checkpoint": "relname LIKE 'checkpoint%' AND relkind = 'r' AND relnamespace = 'outbox_relay'::regnamespace",
          "projector's offsets": "relname LIKE 'order_projection_offset%' AND relkind = 'r'"}
# What the relay's statements that take a cut cost: the waits for the disk and for Kafka, which others slow down, are not in it.
CUTS = "SELECT coalesce(sum({}), 0)::bigint FROM pg_stat_statements WHERE query LIKE '%AS MATERIALIZED%outbox_relay%'"


class Churn:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        self.seconds = int(os.environ.get("CHURN_SECONDS", 120))
        self.script = os.path.join(bench.work, "churn.sql")
        data = protobuf.paid_order_events("churn")[0][1].hex()
        with open(self.script, "w") as f:
            f.write("INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)"
                    f" VALUES ('order', gen_random_uuid()::text, 0, 'order_placed', decode('{data}', 'hex'));\n")

    def run(self):
        kept = self.churn("forever")
        left = self.churn(f"{RETENTION_SECONDS}s")
        self.tell(left)
        self.report.note("c3 inserts", f"with retention p99.9 {left['p999']:.1f} ms, most {left['most']:.0f} ms; without p99.9 "
                         f"{kept['p999']:.1f} ms, most {kept['most']:.0f} ms", with_ms=left["p999"], without_ms=kept["p999"])

    def churn(self, retention):
        """Writers, relay and projector for a while, with a snapshot and a transaction id held all along."""
        self.bench.fresh_database()
        self.bench.postgres.sql("CREATE EXTENSION pg_stat_statements; ALTER DATABASE bench SET pg_stat_statements.track = 'top';"
                                "SELECT pg_stat_statements_reset()")
        broker = kafka.start(self.bench, [relay.TOPIC + ":64"])
        self.admin = process.free_port()
        common = {**kafka.settings(broker), "DATABASE_URL": self.bench.postgres.url(), "LOG_LEVEL": "warning"}
        servers = [
            self.bench.start("outbox-relay", {**common, "RELAY_ADMIN_PORT": str(self.admin), "RELAY_RETENTION": retention}),
            self.bench.start("orders-projector", {**common, "PROJECTOR_ADMIN_PORT": str(process.free_port()),
                                                  "KAFKA_FETCH_WAIT_MAX_MS": "10", "KAFKA_SESSION_TIMEOUT_MS": "6000"})]
        servers[0].wait("the relay leading", lambda: "leading" in relay.readiness(self.admin))
        self.park()
        holder = self.hold()
        prefix = os.path.join(self.bench.work, f"churn-{retention}")
        load = subprocess.Popen(
            [os.path.join(self.bench.postgres.bin, "pgbench"), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1", "-R", str(RATE),
             "-T", str(self.seconds), "-l", f"--log-prefix={prefix}", "-f", self.script, self.bench.postgres.url()],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        samples = []
        for _ in range(SAMPLES):
            time.sleep(self.seconds / SAMPLES)
            samples.append(self.sample())
        said = load.communicate()[0]
        if load.returncode != 0 or "failed transactions: 0 " not in said:
            raise RuntimeError(f"an insert failed:\n{said}")
        servers[0].wait("all rows published", lambda: self.number("SELECT unpublished_rows FROM outbox_state") == 0)
        if self.number("SELECT count(*) FROM outbox WHERE aggregate_id = 'large'") != 1:
            raise RuntimeError("the parked row has left")
        holder.stdin.close()
        holder.wait()
        for server in servers + ([broker] if hasattr(broker, "stop") else []):
            server.stop()
        return {**self.latencies(prefix), "samples": samples}

    def park(self):
        """A row that Kafka will never take: it must be there at the end."""
        self.bench.postgres.sql("INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)"
                                " VALUES ('order', 'large', 0, 'order_placed', decode(repeat('78', 2000000), 'hex'))")
        process.wait_for("the large row's key parked", lambda: self.number("SELECT count(*) FROM outbox_relay.parked") == 1)

    def hold(self):
        """A foreign transaction with a transaction id and a snapshot, until its input ends."""
        holder = subprocess.Popen([os.path.join(self.bench.postgres.bin, "psql"), "-Xq", self.bench.postgres.url()],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        holder.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_current_xact_id();\n")
        holder.stdin.flush()
        process.wait_for("the foreign transaction", lambda: self.number(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND backend_xid IS NOT NULL") == 1)
        return holder

    def sample(self):
        sizes = {name: self.number(f"SELECT coalesce(sum(pg_table_size(oid)), 0) FROM pg_class WHERE {which}")
                 for name, which in TABLES.items()}
        return {**sizes, "rows": self.number("SELECT count(*) FROM outbox"),
                "dead": self.number("SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables WHERE relname LIKE 'outbox%'"),
                "cuts": self.number(CUTS.format("calls")), "microseconds": self.number(CUTS.format("total_exec_time * 1000")),
                "buffers": self.number(CUTS.format("shared_blks_hit + shared_blks_read")), "read": self.number(CUTS.format("rows"))}

    def tell(self, result):
        samples = result["samples"]
        early, late = samples[:SAMPLES // 2], samples[SAMPLES // 2:]
        for name in TABLES:
            self.report.note(f"c1 {name}", f"{max(s[name] for s in early) / 1e6:.2f} MB at most in the first half, "
                             f"{max(s[name] for s in late) / 1e6:.2f} MB in the second",
                             early_mb=max(s[name] for s in early) / 1e6, late_mb=max(s[name] for s in late) / 1e6)
        first, last = self.cost(samples[:SAMPLES // 3]), self.cost(samples[-SAMPLES // 3:])
        self.report.note("c2 cost of a cut", f"{first[0]:.0f} buffers and {first[1]:.0f} µs for {first[2]:.0f} rows in the first third, "
                         f"{last[0]:.0f} buffers and {last[1]:.0f} µs for {last[2]:.0f} rows in the last; {samples[-1]['cuts']:,} statements, {samples[-1]['dead']:,} dead rows in the outbox, "
                         f"{samples[-1]['rows']:,} rows of {RATE * self.seconds:,} left", first=first, last=last)

    @staticmethod
    def cost(samples):
        """Buffers, microseconds and rows of the median cut."""
        pairs = [(a, b, b["cuts"] - a["cuts"]) for a, b in zip(samples, samples[1:]) if b["cuts"] > a["cuts"]]
        return [statistics.median((b[name] - a[name]) / cuts for a, b, cuts in pairs) for name in ("buffers", "microseconds", "read")]

    def latencies(self, prefix):
        """Milliseconds of the inserts, without what pgbench's schedule was late."""
        folder, start = os.path.split(prefix)
        times = []
        for name in os.listdir(folder):
            if name.startswith(start + "."):
                with open(os.path.join(folder, name)) as f:
                    times += [(int(fields[2]) - int(fields[6])) / 1000 for fields in map(str.split, f)]
        times.sort()
        return {"p999": times[int(len(times) * 0.999)], "most": times[-1]}

    def number(self, query):
        return int(self.bench.postgres.sql(query))
