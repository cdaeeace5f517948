"""The embedded Kafka, or a real one that KAFKA_BOOTSTRAP_SERVERS names."""
import os


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


def settings(server):
    return {"KAFKA_BOOTSTRAP_SERVERS": server.bootstrap}
