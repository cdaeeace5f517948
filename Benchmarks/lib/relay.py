"""Rows about the relay: how fast it drains, how soon a row is in Kafka, what it costs when it does nothing."""
import glob
import json
import os
import re
import statistics
import subprocess
import time
import urllib.request

from . import kafka, process

TOPIC = "outbox.event.order"


def metric(port, name):
    """The sum of a relay's metric over its labels; 0 while the endpoint is not up."""
    try:
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2).read().decode()
    except OSError:
        return 0.0
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.split("\n") if re.match(name + r"[{ ]", line))


def readiness(port):
    """What a relay's /readyz says; nothing while the endpoint is not up."""
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).read().decode()
    except OSError:
        return ""


class Relay:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report

    def run(self):
        rounds, rows = self.bench.rounds, self.bench.rows
        self.report.compare(f"r1 drain {rows:,} rows / bare C loop", self.drain, self.c_loop, rounds, "≥ 0.7")
        self.report.compare("r2 the same, exactly-once / bare C loop", lambda: self.drain("exactly-once"), self.c_loop, rounds, "≥ 0.4")
        self.latency()
        self.idle()

    def fill(self, rows):
        """Outbox rows of 150 bytes for a thousand keys, as one writer would leave them."""
        self.bench.fresh_database()
        self.bench.postgres.sql(
            "INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)"
            " SELECT 'order', '018f1234-5678-9abc-def0-' || lpad((n % 1000)::text, 12, '0'), n / 1000, 'order_placed',"
            f" decode(repeat('78', 150), 'hex') FROM generate_series(0, {rows - 1}) AS n")
        self.bench.postgres.sql("VACUUM ANALYZE outbox")
        self.bench.postgres.settle()

    def start(self, broker, **more):
        self.admin = process.free_port()
        return self.bench.start("outbox-relay", {
            **kafka.settings(broker), "DATABASE_URL": self.bench.postgres.url(), "RELAY_ADMIN_PORT": str(self.admin),
            "LOG_LEVEL": "warning", "KAFKA_COMPRESSION_CODEC": "lz4", **more})

    def unpublished(self):
        return int(self.bench.postgres.sql("SELECT unpublished_rows FROM outbox_state"))

    def broker(self):
        return kafka.start(self.bench, [TOPIC + ":64"])

    def drain(self, delivery="at-least-once"):
        """Rows per second, from the start of the process until its own counter says that all are acknowledged."""
        self.fill(self.bench.rows)
        broker = self.broker()
        begin = time.monotonic()
        server = self.start(broker, **({} if delivery == "at-least-once" else {"RELAY_DELIVERY": delivery}))
        server.wait("all rows acknowledged", lambda: self.metric("outbox_relay_published_rows_total") >= self.bench.rows, 600)
        took = time.monotonic() - begin
        server.wait("the checkpoint at the end", lambda: self.unpublished() == 0, 60)
        self.report.note(f"relay {delivery}", f"peak resident memory {server.memory_mb('VmHWM'):.0f} MB")
        server.stop()
        self.end(broker)
        return self.bench.rows / took

    def c_loop(self, *transactional):
        self.fill(self.bench.rows)
        broker = self.broker()
        out = subprocess.run([self.bench.tool("relay_loop"), self.bench.postgres.url(), broker.bootstrap, TOPIC,
                              str(self.bench.rows), *transactional], capture_output=True, text=True, check=True, timeout=600).stdout
        self.end(broker)
        return json.loads(out)["per_second"]

    def end(self, broker):
        if hasattr(broker, "stop"):
            broker.stop()

    def metric(self, name):
        return metric(self.admin, name)

    def latency(self, name="r3 commit to ack", rate=500):
        """Row to acknowledgement at so many rows a second, from the relay's own histogram, beside the two round trips in it.

        A row's time is that of its insert. How long the writer then took to insert and commit is in pgbench's log, and the
        difference of the two medians is the time from commit to acknowledgement."""
        self.fill(1)
        broker = self.broker()
        server = self.start(broker)
        server.wait("the first row", lambda: self.unpublished() == 0)
        script = os.path.join(self.bench.work, "trickle.sql")
        with open(script, "w") as f:
            f.write("\\set n :n + 1\nINSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)"
                    " VALUES ('order', 'trickle ' || :client_id, :n, 'order_placed', decode(repeat('78', 150), 'hex'));\n")
        log = os.path.join(self.bench.work, "trickle")
        for path in glob.glob(log + ".*[0-9]"):
            os.unlink(path)
        subprocess.run([os.path.join(self.bench.postgres.bin, "pgbench"), "-n", "-M", "prepared", "-c", "4", "-j", "1", "-R", str(rate),
                        "-D", "n=0", "-l", f"--log-prefix={log}", "-T", str(max(10, self.bench.seconds)), "-f", script,
                        self.bench.postgres.url()], capture_output=True, check=True)
        server.wait("all rows", lambda: self.unpublished() == 0)
        writing = self.writing(glob.glob(log + ".*[0-9]"))
        floor = json.loads(subprocess.run([self.bench.tool("round_trips"), self.bench.postgres.url(), broker.bootstrap, TOPIC, str(1_000_000 // rate)],
                                          capture_output=True, text=True, check=True).stdout)
        p50, p99 = self.quantile(0.5), self.quantile(0.99)
        both = (floor["notify_us"] + floor["produce_us"]) / 1e6
        paced = (floor["paced_notify_us"] + floor["paced_produce_us"]) / 1e6
        paced_p99 = (floor["paced_notify_p99_us"] + floor["paced_produce_p99_us"]) / 1e6
        self.report.note(f"{name} at {rate}/s", f"insert to ack p50 {p50 * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms, of which the writer's "
                         f"insert and commit {writing * 1e3:.2f} ms; a bare NOTIFY round trip takes {floor['notify_us']:.0f} µs, a bare produce "
                         f"{floor['produce_us']:.0f} µs: ratio {(p50 - writing) / both:.1f} from commit (goal ≤ 3), {p50 / both:.1f} from insert; "
                         f"{rate} a second, as the rows come, they take {floor['paced_notify_us']:.0f} and {floor['paced_produce_us']:.0f} µs: ratio "
                         f"{(p50 - writing) / paced:.1f} from commit, p99 {(p99 - writing) / paced_p99:.1f} of theirs",
                         paced_ratio=(p50 - writing) / paced, paced_p99_ratio=(p99 - writing) / paced_p99, p50_ms=p50 * 1e3, p99_ms=p99 * 1e3, writing_ms=writing * 1e3, ratio=(p50 - writing) / both,
                         ratio_from_insert=p50 / both)
        server.stop()
        self.end(broker)

    def writing(self, logs):
        """The median from a row's time to the end of its transaction, as the writer saw it."""
        ends = {}
        for path in logs:
            for line in open(path):
                client, number, _, _, seconds, microseconds, *_ = line.split()
                ends[client, int(number)] = int(seconds) + int(microseconds) / 1e6
        first = min(number for _, number in ends)
        rows = self.bench.postgres.sql(
            "SELECT string_agg(concat_ws(',', split_part(aggregate_id, ' ', 2), sequence_number, extract(epoch FROM created_at)), ' ')"
            " FROM outbox WHERE aggregate_id LIKE 'trickle %'").split()
        took = [ends[client, int(number) - 1 + first] - float(at) for client, number, at in (row.split(",") for row in rows)]
        return statistics.median(took)

    def quantile(self, q):
        """From the cumulative buckets of the end-to-end histogram, interpolated within the bucket."""
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics").read().decode()
        buckets = {}
        for bound, count in re.findall(r'outbox_relay_latency_seconds_bucket\{[^}]*le="([^"]+)"\} (\S+)', text):
            key = float("inf") if bound == "+Inf" else float(bound)
            buckets[key] = buckets.get(key, 0) + float(count)
        total, below, lower = buckets[float("inf")], 0.0, 0.0
        for bound in sorted(buckets):
            if buckets[bound] >= q * total:
                if bound == float("inf"):
                    return lower
                return lower + (bound - lower) * (q * total - below) / max(1.0, buckets[bound] - below)
            below, lower = buckets[bound], bound
        return lower

    def idle(self):
        broker = self.broker()
        self.fill(1)
        begin = time.monotonic()
        server = self.start(broker)
        server.wait("the first row", lambda: self.metric("outbox_relay_published_rows_total") >= 1)
        ready = time.monotonic() - begin
        # The client that wrote Kafka's record of the first row is closed by then.
        time.sleep(30)
        before = server.cpu_seconds()
        time.sleep(20)
        used = server.cpu_seconds() - before
        self.report.note("r4 start and idle", f"first row acknowledged {ready * 1e3:.0f} ms after exec; idle {used / 20 * 100:.2f} % of a core, "
                         f"{server.memory_mb():.0f} MB resident", ready_ms=ready * 1e3, idle_percent=used / 20 * 100)
        server.stop()
        self.end(broker)
