"""What operators' questions take on an outbox of ten million rows with 100,000 parked keys, and what an open console costs.

The goals are figures, not ratios: 50 ms for each statement and for each answer of the console. OPERATIONS="questions console
drain" chooses parts, OPERATIONS_ROWS the number of rows.
"""
import json
import os
import subprocess
import time
import urllib.parse
import urllib.request

from . import pages, process
from .relay import Relay

GOAL_MS = 50
PARKED = 100_000
OPEN_PAGES = 100
GOAL_MEMORY_MB, GOAL_PAINT_MS, GOAL_STATEMENTS = 64, 1_000, 5
REPEATS = 5

# Each with --json; the second of two runs counts, so that the pages that it reads are in memory.
QUESTIONS = [
    ["status", "--sample", "0"], ["list"], ["list", "--oldest-first"],
    *[["list", "--state", state, "--scan", "1"] for state in
      ("unpublished", "publishing", "published", "held", "skipped", "left_out")],
    ["list", "--state", "unpublished", "--oldest-first", "--scan", "1"], ["list", "--id", "order-1125000", "--scan", "1"],
    ["list", "--event", "none", "--scan", "1"], ["list", "--since", "12h", "--until", "11h"], ["parked"],
    *[["parked", option, "nothing has this", "--scan", "1"] for option in ("--error", "--event", "--topic", "--type")],
    ["list", "--state", "held", "--event", "none", "--scan", "1"], ["release", "--all", "--dry-run"],
    ["release", "--topic", "nothing has this", "--dry-run"], ["decisions"], ["replay", "list"],
]

# What pages of the console ask, with their parameters.
ANSWERS = [
    ("status", {}), ("events", {}), ("events", {"order": "oldest_first"}), ("events", {"limit": 500}),
    *[("events", {"state": state}) for state in ("unpublished", "publishing", "published", "held", "skipped", "left_out")],
    ("events", {"state": "unpublished", "order": "oldest_first"}), ("events", {"aggregate_id": "order-1125000"}),
    ("events", {"event_type": "none"}), ("events", {"aggregate_type": "order", "state": "held", "aggregate_id": "order-77777"}),
    ("events", {"since": "yesterday", "order": "oldest_first"}), ("events", {"since": "yesterday", "until": "now", "state": "unpublished"}),
    ("parked", {}), *[("parked", {name: "nothing has this"}) for name in ("error_contains", "event_type", "topic", "aggregate_type")],
    ("events", {"state": "held", "event_type": "none"}), ("parked", {"aggregate_id": "order-77777"}),
    ("decisions", {}), ("replays", {}), ("history", {}), ("config", {}),
]


class Operations:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        self.postgres = bench.postgres
        self.parts = os.environ.get("OPERATIONS", "questions console drain").split()

    def run(self):
        rows = int(os.environ.get("OPERATIONS_ROWS", 10_000_000))
        if {"questions", "console"} & set(self.parts):
            self.fill(rows)
        if "questions" in self.parts:
            for words in [*QUESTIONS, ["show", str(rows // 2), "--no-kafka"]]:
                self.measure(words)
        if "console" in self.parts:
            self.console(rows)
        if "drain" in self.parts:
            DrainBesideConsole(self.bench, self.report).run()

    def fill(self, rows):
        """Nine tenths are published; the rest waits, as after an hour without a relay."""
        self.bench.fresh_database()
        insert = ("INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload, created_at, leaf)"
                  " SELECT 'order', 'order-' || s / 4, s % 4, 'order_placed', decode(repeat('78', 30), 'hex'),"
                  " now() - interval '1 day' + s * interval '8 milliseconds', s * 5 / {total} FROM generate_series({first}, {last}) AS s")
        border = rows * 9 // 10
        # Building the indexes afterwards takes a third of the time.
        self.postgres.sql("DROP INDEX outbox_outbox_id; DROP INDEX outbox_transaction_id")
        self.postgres.sql(insert.format(total=rows + 1, first=1, last=border))
        self.postgres.sql("UPDATE outbox_relay.checkpoint_0 SET published = pg_current_snapshot(), cut = 1")
        self.postgres.sql(insert.format(total=rows + 1, first=border + 1, last=rows))
        self.postgres.sql("CREATE INDEX outbox_outbox_id ON outbox (outbox_id);"
                          "CREATE INDEX outbox_transaction_id ON outbox (transaction_id, outbox_id)")
        self.postgres.sql(
            "INSERT INTO outbox_relay.parked (aggregate_type, aggregate_id, outbox_id, error)"
            f" SELECT 'order', 'order-' || s, s * 4, 'MSG_SIZE_TOO_LARGE' FROM generate_series(1, {PARKED}) AS s;"
            "INSERT INTO outbox_relay.held (outbox_id, aggregate_type, aggregate_id)"
            " SELECT outbox_id, aggregate_type, aggregate_id FROM outbox_relay.parked;"
            f"INSERT INTO outbox_relay.decision (action, reason) SELECT 'park', 'x' FROM generate_series(1, {PARKED})")
        self.postgres.sql("VACUUM ANALYZE")
        self.postgres.sql("CREATE EXTENSION pg_stat_statements; ALTER DATABASE bench SET pg_stat_statements.track = 'top'")

    # Questions of outboxctl

    def measure(self, words):
        for _ in range(2):
            self.postgres.sql("SELECT pg_stat_statements_reset()")
            command = [self.bench.binary("outboxctl"), *words, "--json"]
            done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "DATABASE_URL": self.postgres.url()})
            if done.returncode not in (0, 3):
                raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
        longest, together, calls = self.statements()
        self.report.note(f"o1 {' '.join(words)}", f"longest statement {longest:.1f} ms (goal: {GOAL_MS}), {calls} statements {together:.1f} ms",
                         longest_ms=longest, together_ms=together, calls=calls)

    def statements(self):
        """The longest one and the sum in milliseconds, and how many, since the last reset."""
        ours = "FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'"
        figures = self.postgres.sql(
            f"SELECT concat_ws(' ', coalesce(max(max_exec_time), 0), coalesce(sum(total_exec_time), 0), coalesce(sum(calls), 0)) {ours}")
        longest, together, calls = figures.split()
        return float(longest), float(together), int(calls)

    # The console

    def console(self, rows):
        url, server = start_console(self.bench)
        server.wait("the console", lambda: answers(url + "/readyz"))
        last = self.postgres.sql("SELECT to_char(parked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') || '/order/' || aggregate_id"
                                 f" FROM outbox_relay.parked ORDER BY parked_at, aggregate_id OFFSET {PARKED - 50} LIMIT 1").strip()
        for path, parameters in [*ANSWERS, ("parked", {"after": last}), (f"events/{rows // 2}", {})]:
            self.answer(url, path, parameters)
        self.paint(url)
        with pages.Listeners(url, OPEN_PAGES) as listeners:
            listeners.wait_for_updates(3)
            self.postgres.sql("SELECT pg_stat_statements_reset()")
            begin = time.monotonic()
            listeners.wait_for_updates(8)
            took = time.monotonic() - begin
            _, together, calls = self.statements()
            memory = server.memory_mb()
        self.report.note(f"o3 console with {OPEN_PAGES} open pages", f"resident {memory:.0f} MB (goal: {GOAL_MEMORY_MB}), {calls / took:.1f} statements per second "
                         f"(goal: {GOAL_STATEMENTS}), which take {together / took:.1f} ms of each second", memory_mb=memory, per_second=calls / took)
        server.stop()

    def answer(self, url, path, parameters):
        """From the request to the last byte, on one machine."""
        address = f"{url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}".rstrip("?")
        took = []
        for _ in range(1 + REPEATS):
            if path == "status":
                # Nobody listens, and a status is kept for two seconds.
                time.sleep(2.1)
            begin = time.monotonic()
            urllib.request.urlopen(address, timeout=30).read()
            took.append((time.monotonic() - begin) * 1000)
        took = sorted(took[1:])
        name = " ".join([path, *(f"{key}={value}" for key, value in parameters.items())])
        self.report.note(f"o2 GET {name}", f"{took[len(took) // 2]:.1f} ms, at most {took[-1]:.1f} ms (goal: {GOAL_MS})",
                         median_ms=took[len(took) // 2], most_ms=took[-1])

    def paint(self, url):
        python = subprocess.run([os.path.join(self.bench.root, "scripts/python.sh")], capture_output=True, text=True, check=True).stdout.strip()
        out = subprocess.run([python, os.path.join(self.bench.folder, "console_paint.py"), url], capture_output=True, text=True, check=True).stdout
        figures = json.loads(out)
        self.report.note("o4 first paint in Chromium", f"{figures['paint_ms']:.0f} ms, with the first status {figures['status_ms']:.0f} ms (goal: {GOAL_PAINT_MS})", **figures)


def start_console(bench, **more):
    port = process.free_port()
    server = bench.start("outbox-console", {"DATABASE_URL": bench.postgres.url(), "CONSOLE_PORT": str(port), "LOG_LEVEL": "warning", **more}, port)
    return f"http://127.0.0.1:{port}", server


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except OSError:
        return False


class DrainBesideConsole(Relay):
    """The relay's drain while five pages of a console are open, and while there is none."""

    def run(self):
        self.report.compare(f"o5 drain {self.bench.rows:,} rows beside an open console / alone", self.drain_watched, self.drain, self.bench.rounds, "≥ 0.97")

    def drain_watched(self):
        self.is_watched = True
        try:
            return self.drain()
        finally:
            self.is_watched = False

    is_watched = False

    def broker(self):
        """The console and its pages are there before the clock starts."""
        broker = super().broker()
        if self.is_watched:
            self.planned = process.free_port()
            url, console = start_console(self.bench, CONSOLE_SERVICES=f"outbox-relay=http://127.0.0.1:{self.planned}")
            listeners = pages.Listeners(url, 5).__enter__()
            listeners.wait_for_updates(2)
            self.watching = (console, listeners)
        return broker

    def start(self, broker, **more):
        if not self.is_watched:
            return super().start(broker, **more)
        server = super().start(broker, **more, RELAY_ADMIN_PORT=str(self.planned))
        self.admin = self.planned
        return server

    def end(self, broker):
        if self.is_watched:
            console, listeners = self.watching
            listeners.__exit__(None, None, None)
            console.stop()
        super().end(broker)
