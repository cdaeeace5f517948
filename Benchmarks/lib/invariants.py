"""What must hold after any load, however it went, asked in SQL: the invariants I1, I2 and I5 of the design, and the order of I4."""

# Orders that a suite put there itself, as history to read: events without outbox rows.
OWN = "aggregate_id LIKE 'bench-%' AND sequence_number < 3 OR aggregate_id LIKE 'history-%'"

WRITES = {
    "events without an outbox row": f"SELECT count(*) FROM (SELECT * FROM event WHERE NOT ({OWN})) e LEFT JOIN outbox o USING (event_id)"
                                    " WHERE o.event_id IS NULL",
    "outbox rows without their event": "SELECT count(*) FROM outbox o LEFT JOIN event e USING (event_id) WHERE e.event_id IS NULL"
                                       " OR (e.aggregate_id, e.sequence_number, e.event_type, e.event_data)"
                                       " IS DISTINCT FROM (o.aggregate_id, o.sequence_number, o.event_type, o.payload)",
    "streams with gaps": "SELECT count(*) FROM (SELECT 1 FROM event GROUP BY aggregate_id"
                         " HAVING min(sequence_number) <> 0 OR max(sequence_number) <> count(*) - 1) x",
    "events twice": "SELECT count(*) - count(DISTINCT event_id) FROM event",
    "outbox rows out of order": "SELECT count(*) FROM (SELECT sequence_number, lag(sequence_number) OVER"
                                " (PARTITION BY aggregate_id ORDER BY outbox_id) AS previous FROM outbox) x"
                                " WHERE sequence_number <= previous",
}

# The whole stack, once it has drained.
PIPELINE = {
    "rows not published": "SELECT unpublished_rows FROM outbox_state",
    "keys parked": "SELECT parked_keys FROM outbox_state",
    "projections unlike their stream":
        "SELECT count(*) FROM (SELECT aggregate_id, max(sequence_number) AS last,"
        " CASE WHEN bool_or(event_type = 'order_paid') THEN 3 WHEN bool_or(event_type = 'order_payment_failed') THEN 4"
        " WHEN bool_or(event_type = 'order_payment_initiated') THEN 2 ELSE 1 END AS payment,"
        " bool_or(event_type = 'order_cancelled') AS cancelled FROM event GROUP BY 1) e"
        " LEFT JOIN order_projection p ON p.order_id = e.aggregate_id"
        " WHERE (p.last_sequence_number, p.payment_status, p.shipping_status = 5) IS DISTINCT FROM (e.last, e.payment, e.cancelled)",
}

# Orders whose PlaceOrder was answered with OK, one identifier per line of a file.
ACKNOWLEDGED = {
    "acknowledged twice": "SELECT count(*) - count(DISTINCT order_id) FROM acknowledged",
    "acknowledged and missing": "SELECT count(*) FROM acknowledged a LEFT JOIN event e"
                                " ON e.aggregate_id = a.order_id AND e.sequence_number = 0 WHERE e.event_id IS NULL",
}


def load_acknowledged(postgres, path):
    """Copies the file that grpc_load records into a table. Returns how many lines it had."""
    postgres.sql("DROP TABLE IF EXISTS acknowledged; CREATE TABLE acknowledged (order_id text);\n"
                 f"\\copy acknowledged FROM '{path}'\nANALYZE acknowledged")
    return postgres.count("acknowledged")


def check(bench, report, what, *checks, **expected):
    """Runs the checks, each of which must find zero, and compares `expected`: name=(found, wanted). Prints the verdict; raises if
    anything does not hold."""
    found = {name: int(bench.postgres.sql(query)) for group in checks for name, query in group.items()}
    wrong = {name: count for name, count in found.items() if count != 0}
    wrong.update({name: f"{got:,} instead of {wanted:,}" for name, (got, wanted) in expected.items() if got != wanted})
    if wrong:
        raise RuntimeError(f"{what}: the invariants do not hold: {wrong}")
    names = list(found) + [f"{name.replace('_', ' ')} {got:,}" for name, (got, _) in expected.items()]
    report.note(f"invariants after {what}", "hold; none of: " + ", ".join(found)
                + "".join(f"; {name}" for name in names[len(found):]), **{name.replace(" ", "_"): 0 for name in found})
