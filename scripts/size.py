"""Prints the size of every module as a table: size.py [FOLDER OF A CHECKOUT]

Generated files are left out. A function is a func, an init, a deinit or a subscript with a body, from its keyword to its closing
brace. Documented is the share of the public declarations (types, members, cases, requirements) that have a doc comment;
declarations that the standard library documents, such as description, are left out.
"""

import collections
import statistics
import sys

sys.dont_write_bytecode = True

from tidy import files, tree  # noqa: E402

HEADINGS = ["module", "files", "median lines", "≤ 30 lines", "p90 lines", "> 400 lines", "function median / p90", "functions > 70",
            "public documented"]


def ninetieth(numbers):
    """The smallest number that is not below nine tenths of them."""
    return sorted(numbers)[-(-len(numbers) * 9 // 10) - 1]


def row(name, sources):
    lines = [len(source.lines) for source in sources]
    functions = [function.last - function.line + 1 for source in sources for function in files.functions(source)]
    documented = tree.documented_percent(sources)
    return [
        name, len(lines), f"{statistics.median(lines):.0f}", f"{100 * sum(count <= 30 for count in lines) / len(lines):.0f} %",
        ninetieth(lines), sum(count > files.MAXIMUM_FILE_LINES for count in lines),
        f"{statistics.median(functions):.0f} / {ninetieth(functions)}" if functions else "–",
        sum(count > files.MAXIMUM_FUNCTION_LINES for count in functions),
        f"{documented:.0f} %" if documented is not None else "–",
    ]


def main(root):
    whole = tree.Tree(root)
    modules = collections.defaultdict(list)
    for source in whole.product:
        modules[tree.module_of(source.path)].append(source)
    rows = [row(name, sources) for name, sources in sorted(modules.items())]
    rows.append(row("**Sources and relay**", whole.product))
    tests = [source for source in whole.written if source.path.startswith("Tests/")]
    if tests:
        rows.append(row("Tests", tests)[:-1] + ["–"])
    print("| " + " | ".join(HEADINGS) + " |")
    print("| --- |" + " ---: |" * (len(HEADINGS) - 1))
    for cells in rows:
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ".")
