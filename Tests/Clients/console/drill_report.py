"""A report of drills and an audit, in the form in which outboxctl writes them."""

SEED = 2**64 - 1


def report(text):
    """Two faults, three runs: one is clean, one has violations, one was broken off; `text` stands where a report has texts."""
    marks = [{"seconds": 5.0, "text": "kill -9 outbox-relay"}, {"seconds": 12.0, "text": text}]
    return {"began_at": "2026-01-31T12:34:56.123456Z", "delivery": "at-least-once", "runs": [
        run("kill-relay", {"durable": 0, "published": 0, "ordered": 0, "drained": 0}, [], marks),
        run("kill-relay", {"durable": 0, "published": 2, "ordered": 0, "drained": 0}, [f"published: 2 × record_missing, first {text}"], marks),
        {**run("slow-brokers", {"durable": 0, "published": 0}, [f"broken off: {text}"], []), "is_broken": True, "recovery_seconds": 3.1, "samples": [],
         "worst_wait_seconds": 0.5, "logs": f"/tmp/{text}"},
    ]}


def run(name, violations, findings, marks):
    samples = [{"seconds": n / 4, "orders_per_second": 0 if 20 <= n < 24 else 200.0 + n % 7, "backlog": n % 30, "worst_wait_seconds": 5.0 if 20 <= n < 24 else 0.02}
               for n in range(1, 81)]
    for sample in samples[19:24]:
        del sample["backlog"]
    return {"name": name, "summary": f"breaks {name}", "seed": SEED, "violations": violations, "findings": findings, "is_broken": False,
            "acknowledged": 4000, "duplicates": 3, "recovery_seconds": 0.5, "worst_wait_seconds": 5.0, "seconds": 20.5, "marks": marks, "samples": samples,
            "command": f"outboxctl drill run {name} --seed {SEED}", "audited": {"events": 1}}


def audit(text):
    return {"taken_at": "2026-01-31T12:34:56.123456Z", "seconds": 1.5, "peak_bytes": 50_000_000,
            "checked": {"events": 100, "rows": 100, "records": 99, "projections": 40, "topics": 1}, "differences": {"record_missing": 1},
            "examples": [{"kind": "record_missing", "key": text, "outbox_id": 7, "text": text}],
            "known": {"on_their_way": 12, "held": 0}, "unjudged": [{"count": 3, "text": text}]}
