"""The embedded Kafka, a real one that KAFKA_BOOTSTRAP_SERVERS names, or the strict Kafka at a distance."""
import os
import subprocess
import sys

# What a request and each of its bytes cost a broker, in seconds: half a millisecond, and 100 MB a second.
REQUEST_TIME, BYTE_TIME = 0.0005, 1e-8


class RealKafka:
    """Stands in for the process when Kafka runs elsewhere."""
    name = "kafka"

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap

    def cpu_seconds(self):
        return 0.0

    def memory_mb(self, field="VmRSS"):
        return 0.0


def start(bench, topics):
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        return RealKafka(given)
    address = os.path.join(bench.work, f"kafka-{len(bench.servers)}.address")
    server = bench.start("embedded-kafka", {"EMBEDDED_KAFKA_TOPICS": ",".join(topics), "EMBEDDED_KAFKA_ADDRESS_FILE": address})
    server.wait("embedded Kafka listening", lambda: os.path.exists(address))
    with open(address) as f:
        server.bootstrap = f.read().strip()
    return server


def start_strict(bench, partitions, latency):
    """The strict Kafka with a broker's times, `latency` milliseconds of round trip away. Every topic that is used gets these partitions."""
    folder = os.path.join(bench.root, "Tests", "Clients", "strict_kafka")
    # A log of its own: the address is read from it.
    server = bench.start_command(f"strict-kafka-{len(bench.servers)}", [
        sys.executable, "-B", folder, "--auto-create", str(partitions), "--latency", str(latency / 1000),
        "--request-time", str(REQUEST_TIME), "--byte-time", str(BYTE_TIME)], stdin=subprocess.PIPE)
    server.wait("strict Kafka listening", lambda: "KAFKA_BOOTSTRAP_SERVERS=" in server.tail())
    server.bootstrap = server.tail().rsplit("KAFKA_BOOTSTRAP_SERVERS=", 1)[1].split()[0]
    return server


def settings(server):
    return {"KAFKA_BOOTSTRAP_SERVERS": server.bootstrap}
