"""Not a ratio: what outboxctl's statements take on an outbox of ten million rows with 100,000 parked keys. The goal is 50 ms each."""
import os
import subprocess

GOAL_MS = 50
PARKED = 100_000

# Each with --json; the second of two runs counts, so that the pages that it reads are in memory.
QUESTIONS = [
    ["status", "--sample", "0"], ["list"], ["list", "--oldest-first"],
    *[["list", "--state", state, "--scan", "1"] for state in
      ("unpublished", "publishing", "published", "held", "skipped", "left_out")],
    ["list", "--state", "unpublished", "--oldest-first", "--scan", "1"], ["list", "--id", "order-1125000", "--scan", "1"],
    ["list", "--event", "none", "--scan", "1"], ["list", "--since", "12h", "--until", "11h"], ["parked"],
    ["parked", "--error", "nothing has this text"], ["release", "--all", "--dry-run"], ["decisions"],
]


class Operations:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        self.postgres = bench.postgres

    def run(self):
        rows = int(os.environ.get("OPERATIONS_ROWS", 10_000_000))
        self.fill(rows)
        for words in [*QUESTIONS, ["show", str(rows // 2), "--no-kafka"]]:
            self.measure(words)

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

    def measure(self, words):
        for _ in range(2):
            self.postgres.sql("SELECT pg_stat_statements_reset()")
            command = [self.bench.binary("outboxctl"), *words, "--json"]
            done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "DATABASE_URL": self.postgres.url()})
            if done.returncode not in (0, 3):
                raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
        ours = "FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'"
        longest = float(self.postgres.sql(f"SELECT coalesce(max(max_exec_time), 0) {ours}"))
        together = float(self.postgres.sql(f"SELECT coalesce(sum(total_exec_time), 0) {ours}"))
        calls = int(self.postgres.sql(f"SELECT coalesce(sum(calls), 0) {ours}"))
        self.report.note(f"o1 {' '.join(words)}", f"longest statement {longest:.1f} ms (goal: {GOAL_MS}), {calls} statements {together:.1f} ms",
                         longest_ms=longest, together_ms=together, calls=calls)
