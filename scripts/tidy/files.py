"""The rules that one file can break."""

import re

from tidy.swift import IMPORT

MAXIMUM_COLUMNS = 120
MAXIMUM_FILE_LINES = 400
MAXIMUM_FUNCTION_LINES = 70
MAXIMUM_LINES_OF_A_FILE_WITH_SEVERAL_TYPES = 120

FORBIDDEN = [
    (re.compile(r"\btry!"), "try! turns an error into a crash"),
    (re.compile(r"\bas!"), "as! turns an unexpected value into a crash"),
    (re.compile(r"\bfatalError\("), "fatalError( ends the whole process"),
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "unfinished work belongs into the issue tracker"),
    # Task.sleep(until:) is a deadline's timer, raced against the event that is waited for.
    (re.compile(r"\bTask\.sleep(?!\(until:)|\busleep\(|\bThread\.sleep|(?<![\w.])sleep\("), "wait for an event, do not sleep"),
    (re.compile(r"\.disabled\(|\bXCTSkip\b"), "a test that does not run guards nothing"),
]
# One Swift module per C library, and its tests.
C_LIBRARIES = {
    "CLibPQ": ("Sources/Clients/Postgres/",),
    "CRDKafka": ("Sources/Clients/Kafka/", "Tests/KafkaTests/"),
    "CNGHTTP2": ("Sources/Servers/HTTP2/", "Tests/HTTP2Tests/", "Tests/HTTP2TestKit/"),
    "CZlib": ("Sources/Servers/GRPC/", "Tests/GRPCTests/"),
}
NAMED_TYPES = {"struct", "class", "enum", "actor", "protocol"}


def problems(source):
    """Triples of a rule, a line and a sentence."""
    yield from long_lines(source)
    yield from forbidden_words(source)
    yield from large_things(source)
    yield from imports(source)


def imports(source):
    for match in IMPORT.finditer(source.code):
        line = source.code.count("\n", 0, match.start()) + 1
        _, access, module = match.groups()
        owners = C_LIBRARIES.get(module)
        if owners and not source.path.startswith(owners):
            yield "import", line, f"only {owners[0]} may import {module}"
        if access == "internal":
            yield "import", line, "write import: it is internal by default"


def long_lines(source):
    for number, line in enumerate(source.lines, 1):
        if len(line) > MAXIMUM_COLUMNS:
            yield "columns", number, f"{len(line)} columns; the limit is {MAXIMUM_COLUMNS}"


def forbidden_words(source):
    for number, line in enumerate(source.lines, 1):
        for pattern, reason in FORBIDDEN:
            if pattern.search(line):
                yield "words", number, reason


def large_things(source):
    count = len(source.lines)
    if count > MAXIMUM_FILE_LINES:
        yield "size", 1, f"{count} lines; split what is more than {MAXIMUM_FILE_LINES}"
    for function in functions(source):
        lines = function.last - function.line + 1
        if lines > MAXIMUM_FUNCTION_LINES:
            yield "size", function.line, f"a function of {lines} lines; the limit is {MAXIMUM_FUNCTION_LINES}"
    if source.path.startswith(("Sources/", "relay/")) and count > MAXIMUM_LINES_OF_A_FILE_WITH_SEVERAL_TYPES:
        types = [
            declaration.names[0] for declaration in source.declarations
            if declaration.parent is None and declaration.kind in NAMED_TYPES
            and not declaration.modifiers & {"private", "fileprivate"}
        ]
        if len(types) > 1:
            yield "size", 1, f"one top-level type per file of this length; this one has {', '.join(types)}"


def functions(source):
    return [
        declaration for declaration in source.declarations
        if declaration.kind in ("func", "init", "deinit", "subscript") and declaration.has_body
    ]
