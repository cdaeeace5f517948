"""Checks an orders-server's HTTP/2 against RFC 9113 and RFC 7541, section by section: http2_conformance.py HOST:PORT [--verbose]

    --authority FILE   speak TLS, and trust the certificates of this file
    --only TEXT        only cases whose section or description holds the text

Runs every case against REST and against gRPC, prints what does not conform and a summary, and fails if anything does not. Needs the
Python packages h2, hpack and hyperframe; scripts/python.sh prints a Python that has them.
"""

import argparse
import sys
from dataclasses import dataclass

from conformance import frames_control, frames_data, framing, hpack_cases, messages, ordinary, states  # noqa: F401
from conformance.case import CASES
from conformance.faces import FACES
from conformance.wire import Connection


@dataclass
class Target:
    host: str
    port: int
    authority: str | None


def check(case, target, face):
    """What is wrong; nothing if the server conforms."""
    connection = Connection(target)
    try:
        if case.handshake:
            connection.handshake()
        case.run(connection, face)
    except Exception as error:  # Whatever hpack, hyperframe and h2 object to is a finding.
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address")
    parser.add_argument("--authority")
    parser.add_argument("--only", default="")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    host, port = options.address.rsplit(":", 1)
    target = Target(host, int(port), options.authority)
    cases = [case for case in CASES if options.only in f"{case.section} {case.what}"]
    failures = 0
    for face in [kind(target) for kind in FACES]:
        for case in cases:
            problem = check(case, target, face)
            failures += problem is not None
            if problem or options.verbose:
                print(f"{'FAILED' if problem else 'ok':<6} {face.name:<4} §{case.section} {case.what}{': ' + problem if problem else ''}")
    print(f"{len(cases)} cases on {len(FACES)} faces, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
