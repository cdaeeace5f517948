"""Tests of the tidy rules themselves: each rule finds its breach, and nothing else. Run by lint.sh."""

import unittest

from tidy import files, tree
from tidy.main import AllowList
from tidy.swift import Source


def package(**texts):
    """A tree of the given files; `a__B` stands for `Sources/Support/a/B.swift`, `tests__B` for `Tests/tests/B.swift`."""
    whole = tree.Tree.__new__(tree.Tree)
    whole.sources = []
    for name, text in texts.items():
        folder, file = name.split("__")
        start = "Tests" if folder == "tests" else "Sources/Support"
        whole.sources.append(Source(f"{start}/{folder}/{file}.swift", text))
    return whole


def found(rule, whole):
    return [declaration.path for breach, _, declaration, _ in tree.problems(whole) if breach == rule]


class SwiftTests(unittest.TestCase):
    def test_comments_and_text_are_no_code(self):
        text = 'let a = "b { \\(c("d")) \\" }" // e {\nlet f = #"g " h"# /* i */\nlet j = """\n  k " \\(l)\n  """'
        words = Source("a.swift", text).words
        self.assertEqual(set(words), {"let", "a", "c", "f", "j", "l"})

    def test_declarations_have_their_names_and_places(self):
        source = Source("a.swift", (
            "/// A.\n@frozen public enum A: Int {\n    case b, c(d: Int)\n    /// E.\n    public private(set) static var e = 1 {\n"
            "        didSet { if case .b = f { let g = 1 } }\n    }\n    func h(protocol i: Int = { 1 }()) {\n        self.init()\n    }\n}\n"))
        self.assertEqual(
            [(item.kind, item.names, item.line, item.last, item.is_public, item.documented) for item in source.declarations],
            [("enum", ["A"], 2, 11, True, True), ("case", ["b", "c"], 3, 3, True, False), ("var", ["e"], 5, 5, True, True),
             ("func", ["h"], 8, 10, False, False)])


class RuleTests(unittest.TestCase):
    def test_lines_words_and_imports(self):
        text = "internal import CLibPQ\nlet a = try! b()\n" + "// " + "x" * 118 + "\n"
        rules = [(rule, line) for rule, line, _ in files.problems(Source("Sources/Relay/Outbox/A.swift", text))]
        self.assertEqual(rules, [("columns", 3), ("words", 2), ("import", 1), ("import", 1)])

    def test_long_functions_and_files(self):
        text = "func a() {\n" + "    b()\n" * 70 + "}\nstruct C {}\nstruct D {}\n" + "\n" * 60
        sizes = [line for rule, line, _ in files.problems(Source("Sources/Relay/Outbox/A.swift", text)) if rule == "size"]
        self.assertEqual(sizes, [1, 1])

    def test_public_is_for_other_modules(self):
        whole = package(
            A__A="public struct Used { public let shown: Shown }\npublic struct Shown {}\npublic struct Tested {}\npublic struct Idle {}",
            B__B="import A\nlet b = Used().shown", tests__T="@testable import A\nlet t = Tested()\nlet u = t\nlet v = (u, b, v)")
        self.assertEqual(found("public", whole), ["Tested", "Idle"])

    def test_what_nothing_mentions_is_dead(self):
        whole = package(A__A="struct A {\n    func run() { used() }\n    func used() {}\n    func unused() {}\n}\nlet b = A()\nlet c = b + c")
        self.assertEqual(found("dead", whole), ["A.unused"])

    def test_a_module_documents_nine_of_ten(self):
        eight = "".join(f"/// {name}.\npublic let {name} = 1\n" for name in "abcdefgh")
        self.assertEqual(found("comment", package(A__A=eight + "public let i = 1\n")), ["i"])
        self.assertEqual(found("comment", package(A__A=eight + "/// J.\npublic let j = 1\npublic let i = 1\n")), [])

    def test_an_allowed_breach_has_a_reason_and_is_used(self):
        allowed = AllowList("dead A B.*  # why\n# a comment\ndead A C  # why")
        self.assertTrue(allowed.allows("dead", "A", "B.c"))
        self.assertFalse(allowed.allows("public", "A", "B.c"))
        self.assertEqual([line for _, _, line, _ in allowed.unused()], [3])
        self.assertRaises(SystemExit, AllowList, "dead A B")


if __name__ == "__main__":
    unittest.main()
