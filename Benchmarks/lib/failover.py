"""Not a speed: how long Kafka waits for the standby when the leading relay is killed, and when it is stopped, under load."""
import os
import signal
import statistics
import subprocess
import time

from . import kafka, process, relay

LEASE_SECONDS = 3


class Failover:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        bench.fresh_database()
        self.broker = kafka.start(bench, [relay.TOPIC + ":64"])
        self.script = os.path.join(bench.work, "failover.sql")
        with open(self.script, "w") as f:
            f.write("INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)"
                    " VALUES ('order', gen_random_uuid()::text, 0, 'order_placed', decode(repeat('78', 150), 'hex'));\n")

    def run(self):
        load = subprocess.Popen(
            [os.path.join(self.bench.postgres.bin, "pgbench"), "-n", "-M", "prepared", "-c", "4", "-j", "1", "-R", "2000", "-T", "3600",
             "-f", self.script, self.bench.postgres.url()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            killed = [self.failover(signal.SIGKILL) for _ in range(max(10, self.bench.rounds))]
            stopped = [self.failover(signal.SIGSTOP) for _ in range(max(3, self.bench.rounds))]
        finally:
            load.terminate()
            load.wait()
        self.tell("f1 leader killed", killed, "goal ≤ 3 s")
        self.tell("f2 leader stopped", stopped, f"lease {LEASE_SECONDS} s")

    def tell(self, name, seconds, goal):
        self.report.note(name, f"first row of the next epoch acknowledged after {statistics.median(seconds):.2f} s, at most "
                         f"{max(seconds):.2f} s in {len(seconds)} failovers at 2,000 rows/s ({goal})",
                         median_s=statistics.median(seconds), most_s=max(seconds))

    def failover(self, how):
        """Seconds from the signal until the standby's own counter shows a row that Kafka has acknowledged."""
        leader, standby = self.start("leader"), None
        try:
            leader.wait("the leader publishing", lambda: self.published(leader) > 0)
            standby = self.start("standby")
            standby.wait("the standby standing by", lambda: "standby" in relay.readiness(standby.admin))
            time.sleep(self.bench.random.uniform(0.5, 1.5))
            begin = time.monotonic()
            leader.send(how)
            standby.wait("the standby publishing", lambda: self.published(standby) > 0)
            return time.monotonic() - begin
        finally:
            for server in filter(None, (leader, standby)):
                server.stop(signal.SIGKILL)

    def start(self, name):
        port = process.free_port()
        server = self.bench.start("outbox-relay", {
            **kafka.settings(self.broker), "DATABASE_URL": self.bench.postgres.url(), "RELAY_ADMIN_PORT": str(port), "RELAY_NAME": name,
            "RELAY_LEASE": f"{LEASE_SECONDS}s", "LOG_LEVEL": "info"})
        server.admin = port
        return server

    def published(self, server):
        return relay.metric(server.admin, "outbox_relay_published_rows_total")
