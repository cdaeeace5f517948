"""The command line: which files are checked, what is allowed, what is printed."""

import collections
import fnmatch
import pathlib
import sys

from tidy import files, tree
from tidy.swift import Source

ALLOWED = pathlib.Path(__file__).with_name("allowed.txt")


class AllowList:
    """Breaches that are kept on purpose: a line `RULE MODULE NAME  # reason` each; NAME may have `*`."""

    def __init__(self, text, path="scripts/tidy/allowed.txt"):
        self.entries, self.used, self.path = [], set(), path
        for number, line in enumerate(text.split("\n"), 1):
            entry, _, reason = line.partition("#")
            if not entry.strip():
                continue
            words = entry.split()
            if len(words) != 3 or not reason.strip():
                sys.exit(f"{path}:{number}: write RULE MODULE NAME  # reason")
            self.entries.append((number, *words))

    def allows(self, rule, module, name):
        for number, *entry in self.entries:
            if entry[:2] == [rule, module] and fnmatch.fnmatchcase(name, entry[2]):
                self.used.add(number)
                return True
        return False

    def unused(self):
        for number, *entry in self.entries:
            if number not in self.used:
                yield "allowed", self.path, number, f"nothing needs this line any more: {' '.join(entry)}"


def problems(paths):
    """Quadruples of a rule, a file, a line and a sentence. The rules about the whole tree report on these files only."""
    for path in paths:
        yield from ((rule, path, line, text) for rule, line, text in files.problems(Source.read(path)))
    whole = tree.Tree()
    allowed = AllowList(ALLOWED.read_text(encoding="utf-8"))
    wanted = set(paths)
    for rule, source, declaration, text in tree.problems(whole):
        if allowed.allows(rule, tree.module_of(source.path), declaration.path) or source.path not in wanted:
            continue
        yield rule, source.path, declaration.line, f"{declaration.path}: {text}"
    if wanted >= {source.path for source in whole.written}:
        yield from allowed.unused()


def main(paths):
    counts = collections.Counter()
    for rule, path, line, text in problems(paths):
        print(f"{path}:{line}: {rule}: {text}", file=sys.stderr)
        counts[rule] += 1
    if counts:
        print("tidy:", ", ".join(f"{count} {rule}" for rule, count in sorted(counts.items())), file=sys.stderr)
    return bool(counts)
