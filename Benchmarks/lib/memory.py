"""Not a speed: the relay's resident memory while it drains ten million rows, and what it costs to start and to do nothing."""
import os
import time

from . import kafka, relay

SAMPLE_SECONDS = 0.5


class Memory(relay.Relay):
    def run(self):
        rows = int(os.environ.get("MEMORY_ROWS", 10_000_000))
        self.fill(rows)
        broker = kafka.start(self.bench, [relay.TOPIC + ":64"])
        begin = time.monotonic()
        server = self.start(broker)
        samples = []
        while self.metric("outbox_relay_published_rows_total") < rows:
            if server.process.poll() is not None:
                raise RuntimeError(f"the relay ended: {server.tail()}")
            samples.append(server.memory_mb())
            time.sleep(SAMPLE_SECONDS)
        took = time.monotonic() - begin
        peak = server.memory_mb("VmHWM")
        # What the start costs belongs to no tenth; the second and the last tenth show whether it grows.
        tenth = max(1, len(samples) // 10)
        early, late = max(samples[tenth:2 * tenth] or samples), max(samples[-tenth:])
        self.report.note("m1 memory", f"{rows:,} rows drained in {took:.0f} s ({rows / took:,.0f}/s): at most {peak:.0f} MB resident, "
                         f"{early:.0f} MB in the second tenth of the time, {late:.0f} MB in the last (goal: flat, under 96 MB)",
                         peak_mb=peak, early_mb=early, late_mb=late, per_second=rows / took)
        server.stop()
        self.end(broker)
        self.idle()
