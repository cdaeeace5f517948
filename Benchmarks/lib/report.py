"""Rounds, ratios and the table."""
import json
import statistics
import sys


class Report:
    def __init__(self):
        self.rows = []
        self.notes = []

    def compare(self, name, ours, theirs, rounds, goal="", lower_is_better=False):
        """Runs ours() and theirs() alternately; each returns a figure. The row is the ratio of the two, round by round."""
        pairs = []
        for number in range(rounds):
            # Every other round the order is turned, so that neither side always inherits the other's dirty pages.
            if number % 2 == 0:
                a = ours()
                b = theirs()
            else:
                b = theirs()
                a = ours()
            pairs.append((a, b))
            print(f"  {name}: round {number + 1}: {a:,.0f} / {b:,.0f} = {a / b:.2f}", file=sys.stderr, flush=True)
        ratios = [a / b for a, b in pairs]
        self.rows.append({
            "name": name, "ratio": statistics.median(ratios), "lowest": min(ratios), "highest": max(ratios), "goal": goal,
            "ours": statistics.median(a for a, _ in pairs), "theirs": statistics.median(b for _, b in pairs),
            "lower_is_better": lower_is_better})

    def note(self, name, text, **figures):
        self.notes.append({"name": name, "text": text, **figures})
        print(f"  {name}: {text}", file=sys.stderr, flush=True)

    def table(self):
        lines = [f"| {'row':58} | ratio | lowest – highest | goal      |       ours |     theirs |",
                 f"| {'-' * 58} | ----- | ---------------- | --------- | ---------- | ---------- |"]
        for row in self.rows:
            spread = f"{row['lowest']:.2f} – {row['highest']:.2f}"
            lines.append(f"| {row['name']:58} | {row['ratio']:5.2f} | {spread:16} | {row['goal']:9} | {row['ours']:10,.0f} |"
                         f" {row['theirs']:10,.0f} |")
        lines += [f"- {note['name']}: {note['text']}" for note in self.notes]
        return "\n".join(lines)

    def write(self, path):
        with open(path, "w") as f:
            json.dump({"rows": self.rows, "notes": self.notes}, f, indent=2)
