"""Checks the tidy rules that a compiler does not: tidy.py FILE.swift...

Each rule exists because its breach has cost somebody an afternoon: a trap on outside data, a poll instead of a wake-up, a file
that has become two things.
"""

import re
import sys

MAXIMUM_FILE_LINES = 400
MAXIMUM_FUNCTION_LINES = 70
MAXIMUM_LINES_OF_A_FILE_WITH_SEVERAL_TYPES = 120

FORBIDDEN = [
    (re.compile(r"\btry!"), "try! turns an error into a crash"),
    (re.compile(r"\bas!"), "as! turns an unexpected value into a crash"),
    (re.compile(r"\bfatalError\("), "fatalError( takes the whole process along"),
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "unfinished work belongs into the issue tracker"),
    # Task.sleep(until:) is a deadline's timer, raced against the event that is waited for.
    (re.compile(r"\bTask\.sleep(?!\(until:)|\busleep\(|\bThread\.sleep|(?<![\w.])sleep\("), "wait for an event, do not sleep"),
    (re.compile(r"\.disabled\(|\bXCTSkip\b"), "a test that does not run guards nothing"),
]
# One document in a string literal each: splitting it would not make it clearer.
DOCUMENTS = {"Sources/Orders/OrdersAPI/OpenAPI/OpenAPIDocument.swift"}
C_LIBRARIES = {
    "CLibPQ": ("Sources/Clients/Postgres/",),
    "CRDKafka": ("Sources/Clients/Kafka/", "Tests/KafkaTests/"),
    "CNGHTTP2": ("Sources/Servers/HTTP2/", "Tests/HTTP2Tests/", "Tests/HTTP2TestKit/"),
    "CZlib": ("Sources/Servers/GRPC/", "Tests/GRPCTests/"),
}
# The event store alone reads and writes the table event; the other modules call it.
EVENT_TABLE = re.compile(r"\b(?:FROM|INTO|JOIN|UPDATE|TRUNCATE|ONLY|TABLE)\s+(?:public\.)?event\b(?!\s*:|\s+store)", re.I)
EVENT_TABLE_OWNER = "Sources/Orders/EventStore/"
COMMENT = re.compile(r"//.*")
IMPORT = re.compile(r"^\s*(?:@\w+\s+)?(?:public |internal |package |private |fileprivate )?import (\w+)", re.M)
FUNCTION = re.compile(r"^(\s*)(?:@\w+(?:\([^)]*\))?\s+)*(?:[\w()]+\s+)*(?:func\b|init\b|deinit\b|subscript\b)")
TYPE = re.compile(r"^(?:@\w+(?:\([^)]*\))?\s+)*(?:public |package |internal |final |indirect |distributed )*(?:struct|class|enum|actor|protocol) (\w+)")


def problems(path, text):
    lines = text.splitlines()
    if len(lines) > MAXIMUM_FILE_LINES and path not in DOCUMENTS:
        yield 1, f"{len(lines)} lines; split what is more than {MAXIMUM_FILE_LINES}"
    yield from forbidden_words(lines)
    yield from long_functions(lines)
    yield from foreign_imports(path, text)
    if path.startswith(("Sources/", "relay/")):
        yield from second_types(lines)
        yield from foreign_tables(path, text)


def forbidden_words(lines):
    for number, line in enumerate(lines, 1):
        for pattern, reason in FORBIDDEN:
            if pattern.search(line):
                yield number, reason


def long_functions(lines):
    """A function ends at the first closing brace of its own indentation: the formatter guarantees that."""
    for start, line in enumerate(lines):
        match = FUNCTION.match(line)
        if not match or line.rstrip().endswith("}"):
            continue
        closing = match.group(1) + "}"
        for end in range(start + 1, len(lines)):
            indentation = len(lines[end]) - len(lines[end].lstrip())
            if lines[end] == closing or (lines[end].strip() and indentation < len(match.group(1))):
                if lines[end] == closing and end - start + 1 > MAXIMUM_FUNCTION_LINES:
                    yield start + 1, f"a function of {end - start + 1} lines; the limit is {MAXIMUM_FUNCTION_LINES}"
                break


def foreign_imports(path, text):
    for module in IMPORT.findall(text):
        owners = C_LIBRARIES.get(module)
        if owners and not path.startswith(owners):
            yield 1, f"only {owners[0]} may import {module}"


def foreign_tables(path, text):
    if path.startswith(EVENT_TABLE_OWNER):
        return
    code = COMMENT.sub("", text)
    for match in EVENT_TABLE.finditer(code):
        yield code.count("\n", 0, match.start()) + 1, f"only {EVENT_TABLE_OWNER} reads and writes the table event"


def second_types(lines):
    names = [match.group(1) for match in map(TYPE.match, lines) if match]
    if len(names) > 1 and len(lines) > MAXIMUM_LINES_OF_A_FILE_WITH_SEVERAL_TYPES:
        yield 1, f"one top-level type per file of this length; this one has {', '.join(names)}"


def main():
    failed = False
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as source:
            for number, problem in problems(path, source.read()):
                print(f"{path}:{number}: {problem}", file=sys.stderr)
                failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
