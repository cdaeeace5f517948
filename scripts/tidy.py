"""Checks the tidy rules that a compiler does not: tidy.py FILE.swift...

Each rule exists because its breach has cost an afternoon: a trap on outside data, a poll instead of a wake-up, a file that has
become two things. A report names the rule; the rules are in the package beside this file:

    columns, words, size, import    one file at a time (tidy/files.py)
    public     a public declaration that no other module needs (tidy/tree.py, as all that follow)
    dead       a function, property or type that nothing mentions
    comment    a public declaration without a doc comment, in a module that documents less than 90 %

Breaches that are kept on purpose are in tidy/allowed.txt, with a reason each.
"""

import sys

# Nothing is written beside the sources.
sys.dont_write_bytecode = True

from tidy.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
