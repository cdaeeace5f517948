"""The rules that only the whole tree can answer: what is public in vain, what nothing mentions, what has no comment."""

import collections
import functools
import pathlib
import re
import subprocess

from tidy.swift import Source

GROUPS = {"Support", "Clients", "Servers", "Relay", "Orders", "Operations", "Executables"}
DOCUMENTED_PERCENT = 90
TYPES = {"struct", "class", "enum", "actor", "protocol", "typealias"}

# Requirements of protocols of the standard library, NIO, ArgumentParser and others: nothing here calls the witnesses by name.
WITNESSES = {
    "allCases", "allValueStrings", "asUnownedSerialExecutor", "AsyncIterator", "body", "Body", "channelActive",
    "channelInactive", "channelRead", "channelReadComplete", "channelRegistered", "channelUnregistered",
    "channelWritabilityChanged", "checkIsolated", "close", "CodingKeys", "configuration", "count", "customMirror",
    "debugDescription", "defaultValueDescription", "description", "Element", "encode", "endIndex", "enqueue", "errorCaught",
    "errorDescription", "Failure", "failureReason", "flush", "handlerAdded", "handlerRemoved", "hash", "hashValue", "id",
    "ID", "InboundIn", "InboundOut", "Index", "index", "intValue", "isIsolatingCurrentContext", "isRecursive",
    "isSameExclusiveExecutionContext", "Iterator", "localizedDescription", "log", "logLevel", "makeAsyncIterator",
    "makeIterator", "metadata", "metadataProvider", "minimumResolution", "next", "now", "OutboundIn", "OutboundOut",
    "provideScope", "rawValue", "RawValue", "read", "recoverySuggestion", "run", "startIndex", "stringValue",
    "testDescription", "underestimatedCount", "unownedExecutor", "userInboundEventTriggered", "validate", "write",
}
# Initializers that a literal, a decoder or a parser calls.
CALLED_BY_OTHERS = re.compile(
    r"init\??\s*(<[^>]*>)?\s*\(\s*(\)|(from|rawValue|argument|stringValue|intValue|stringLiteral|integerLiteral|arrayLiteral|"
    r"dictionaryLiteral|floatLiteral|booleanLiteral|nilLiteral|stringInterpolation|unicodeScalarLiteral|"
    r"extendedGraphemeClusterLiteral)\b)")


class Tree:
    """All Swift files of a checkout."""

    def __init__(self, root="."):
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.swift"],
            cwd=root, check=True, capture_output=True, text=True).stdout.split("\n")
        # Sorted, and once: a file in a merge conflict is listed several times.
        self.sources = [Source.read(path, root) for path in sorted(set(listed)) if path and (pathlib.Path(root) / path).is_file()]

    @functools.cached_property
    def written(self):
        """Without generated files."""
        return [source for source in self.sources if not source.is_generated]

    @functools.cached_property
    def product(self):
        """What is shipped: the files of Sources and relay that people wrote."""
        return [source for source in self.written if kind_of(source.path) == "product"]

    @functools.cached_property
    def words(self):
        total = collections.Counter()
        for source in self.sources:
            total.update(source.words)
        return total

    @functools.cached_property
    def requirements(self):
        """Names that some protocol of the tree asks for."""
        return {
            name for source in self.sources for declaration in source.declarations
            if declaration.parent and declaration.parent.kind == "protocol" for name in declaration.names
        }

    def declarations(self):
        for source in self.written:
            for declaration in source.declarations:
                yield source, declaration


def kind_of(path):
    return "product" if path.startswith(("Sources/", "relay/")) else "other"


def module_of(path):
    """The module of a file, from its folder: Sources/GROUP/MODULE, Sources/MODULE, Tests/MODULE, Benchmarks/MODULE, relay."""
    parts = pathlib.PurePath(path).parts
    if parts[0] == "relay":
        return "outbox-relay"
    if parts[0] == "Sources" and len(parts) > 2:
        return parts[2] if parts[1] in GROUPS and len(parts) > 3 else parts[1]
    return parts[1] if len(parts) > 2 else parts[0]


def problems(tree):
    """Quadruples of a rule, a file, a declaration (or nothing, when the rule is about the module) and a sentence."""
    yield from needlessly_public(tree)
    yield from dead(tree)
    yield from undocumented(tree)


# MARK: public where nothing outside the module uses it

def needlessly_public(tree):
    by_module = collections.defaultdict(list)
    for source in tree.product:
        by_module[module_of(source.path)].append(source)
    for module, sources in sorted(by_module.items()):
        outside = mentions_outside(tree, module)
        left = [(source, declaration) for source in sources for declaration in source.declarations if declaration.is_public]
        # What only a needless declaration shows is needless as well: again until nothing more is found.
        while True:
            shown = shown_by(left)
            needless = [pair for pair in left if pair[1].access and not is_needed(pair[1], outside, shown, tree)]
            if not needless:
                break
            types = [declaration for _, declaration in needless if declaration.kind in TYPES]
            for source, declaration in needless:
                if not any(type in ancestors(declaration) for type in types):
                    yield "public", source, declaration, f"{declaration.access}, and no other module needs it"
            gone = [declaration for _, declaration in needless]
            names = {declaration.path for declaration in types}
            left = [
                (source, declaration) for source, declaration in left
                if declaration not in gone and not any(outer.path in names for outer in ancestors(declaration))
            ]


def ancestors(declaration):
    while declaration := declaration.parent:
        yield declaration


def mentions_outside(tree, module):
    """The identifiers of files that import the module. A test that imports it with @testable needs nothing public."""
    name = re.sub(r"\W", "_", module)
    words = collections.Counter()
    for source in tree.sources:
        if (name, False) in source.imports and module_of(source.path) != module:
            words.update(source.words)
    return words


def shown_by(public):
    """For each identifier the paths of the public declarations that show it: in a signature, a default, an inlinable body."""
    shown = collections.defaultdict(set)
    for _, declaration in public:
        # An extension shows the protocols to which its type conforms.
        path = declaration.path + ":" if declaration.kind == "extension" else declaration.path
        for word in set(re.findall(r"[A-Za-z_]\w*", declaration.signature)) - set(declaration.names):
            shown[word].add(path)
    return shown


def is_needed(declaration, outside, shown, tree):
    if declaration.kind in ("extension", "subscript") or "override" in declaration.modifiers:
        return True
    own = declaration.path
    if declaration.kind == "init":
        owner = declaration.parent.names[0].split(".")[-1] if declaration.parent else ""
        return CALLED_BY_OTHERS.match(declaration.signature) is not None or outside[owner] > 0
    for name in declaration.names:
        if not re.match(r"[A-Za-z_]", name) or name in WITNESSES or name in tree.requirements or outside[name] > 0:
            return True
        # A type that a public declaration shows must be public itself; so must the default of a parameter.
        if any(path != own and not path.startswith((own + ".", own + ":")) for path in shown[name]):
            return True
    return False


# MARK: dead code

def dead(tree):
    declared = collections.Counter(name for _, declaration in tree.declarations() for name in declaration.names)
    for source, declaration in tree.declarations():
        if declaration.kind in ("init", "deinit", "subscript", "extension", "associatedtype"):
            continue
        if declaration.kind == "case" or declaration.attributes & {"Test", "Suite", "main", "Option", "Argument", "Flag"}:
            continue
        if "override" in declaration.modifiers:
            continue
        for name in declaration.names:
            if not re.match(r"[A-Za-z]", name) or name in WITNESSES or name.endswith("Tests"):
                continue
            if tree.words[name] <= declared[name]:
                yield "dead", source, declaration, f"nothing mentions {name}"


# MARK: comments

def public_declarations(sources):
    """What must have a doc comment: the public declarations, without those that the standard library documents."""
    for source in sources:
        for declaration in source.declarations:
            if not declaration.is_public or declaration.kind in ("extension", "deinit"):
                continue
            if any(outer.access == "package" for outer in (declaration, *ancestors(declaration))):
                continue
            if "override" in declaration.modifiers or (declaration.parent and declaration.parent.kind == "func"):
                continue
            if all(name in WITNESSES or not re.match(r"[A-Za-z_]", name) for name in declaration.names):
                continue
            if declaration.kind == "init" and CALLED_BY_OTHERS.match(declaration.signature) and "()" not in declaration.signature:
                continue
            yield source, declaration


def documented_percent(sources):
    """How many per cent of the public declarations have a doc comment; nothing when there is none."""
    found = [declaration for _, declaration in public_declarations(sources)]
    return 100 * sum(declaration.documented for declaration in found) / len(found) if found else None


def undocumented(tree):
    by_module = collections.defaultdict(list)
    for source in tree.product:
        by_module[module_of(source.path)].append(source)
    for module, sources in sorted(by_module.items()):
        percent = documented_percent(sources)
        if percent is None or percent >= DOCUMENTED_PERCENT:
            continue
        for source, declaration in public_declarations(sources):
            if not declaration.documented:
                yield "comment", source, declaration, (
                    f"public without a doc comment; {module} documents {percent:.0f} %, the goal is {DOCUMENTED_PERCENT} %")
