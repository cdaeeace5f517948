"""Rows about waking: what the trigger costs the writers, with the relay awake and with the relay gone.

The relay that polls is the same one in its polling mode (RELAY_POOLER), with the trigger switched off. Both have to publish what is
written: a relay that does nothing meanwhile would leave the processors to the writers."""
import os

from . import kafka, process, relay


class WakeUp:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        bench.fresh_database()
        self.broker = kafka.start(bench, [relay.TOPIC + ":64"])
        self.script = os.path.join(bench.work, "insert.sql")
        with open(self.script, "w") as f:
            f.write("INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)"
                    " VALUES ('order', gen_random_uuid()::text, 0, 'order_placed', decode(repeat('78', 150), 'hex'));\n")

    def run(self):
        for clients in (16, 32):
            self.report.compare(f"w1 inserts, relay with trigger / relay polling, {clients} clients", lambda: self.with_relay(clients, True),
                                lambda: self.with_relay(clients, False), self.bench.rounds, "≥ 0.85 (0.95)")
            self.report.compare(f"w2 inserts, relay gone, trigger / no trigger, {clients} clients", lambda: self.alone(clients, True),
                                lambda: self.alone(clients, False), self.bench.rounds, "≥ 0.85 (0.95)")

    def with_relay(self, clients, trigger):
        self.prepare(trigger)
        admin = process.free_port()
        server = self.bench.start("outbox-relay", {
            **kafka.settings(self.broker), "DATABASE_URL": self.bench.postgres.url(), "RELAY_ADMIN_PORT": str(admin),
            "LOG_LEVEL": "warning", **({} if trigger else {"RELAY_POOLER": "true"})})
        server.wait("the relay leading", lambda: self.bench.postgres.sql("SELECT coalesce(bool_or(lease_is_valid), false) FROM relay_state") == "t")
        used = server.cpu_seconds()
        rate = self.bench.postgres.pgbench(self.script, clients, self.bench.seconds)
        used = server.cpu_seconds() - used
        rows, cuts = (relay.metric(admin, f"outbox_relay_{name}_total") for name in ("published_rows", "cuts"))
        if rows < rate * self.bench.seconds / 2:
            raise RuntimeError(f"the relay published {rows:.0f} rows only: it is no relay to compare with")
        self.report.note(f"w1 {'trigger' if trigger else 'polling'}, {clients} clients",
                         f"{rows:,.0f} rows published in {cuts:,.0f} cuts, {used:.2f} s of processor time")
        server.stop()
        return rate

    def alone(self, clients, trigger):
        self.prepare(trigger)
        return self.bench.postgres.pgbench(self.script, clients, self.bench.seconds)

    def prepare(self, trigger):
        self.bench.fresh_database()
        self.bench.postgres.sql(f"ALTER TABLE outbox {'ENABLE' if trigger else 'DISABLE'} TRIGGER outbox_wake")
        self.bench.postgres.settle()
