"""Rows about the relay and a broker that is not in the same process: its requests cost time, and the network is slow.

The broker is the strict Kafka, or the one that KAFKA_BOOTSTRAP_SERVERS names, whose topic then has the partitions that it has.
BROKER="12/1 64/20" chooses partitions and milliseconds of latency; 0 partitions are those of the given Kafka."""
import os

from . import kafka, relay

CASES = "12/1 12/5 12/20 64/1 64/5 64/20"
GOAL = "≥ 0.9"


class Broker(relay.Relay):
    def run(self):
        given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        for case in os.environ.get("BROKER", "0/0" if given else CASES).split():
            self.partitions, self.latency_ms = (int(part) for part in case.split("/"))
            where = "the given Kafka" if given else f"{self.partitions} partitions, {self.latency_ms} ms"
            self.report.compare(f"k1 drain, {where} / bare C loop", self.drain, self.c_loop, self.bench.rounds, GOAL)
            self.report.compare(f"k2 exactly once, {where} / C loop with transactions", lambda: self.drain("exactly-once"),
                                lambda: self.c_loop("transactional"), self.bench.rounds, GOAL)
            # A connection carries five requests of one partition each: at 20 ms 250 a second.
            self.latency(f"k3 commit to ack, {where}", rate=100)

    def broker(self):
        if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
            return kafka.start(self.bench, [])
        return kafka.start_strict(self.bench, self.partitions, self.latency_ms)
