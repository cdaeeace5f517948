"""Checks an orders-server's HTTP/2 against RFC 9113 and RFC 7541, section by section: http2_conformance.py HOST:PORT [--verbose]

    --authority FILE   use TLS, and trust the certificates of this file
    --only TEXT        only cases whose section or description holds the text

Runs every case against REST and against gRPC, prints each violation and a summary, and fails if there is a violation. Needs the
Python packages h2, hpack and hyperframe; scripts/python.sh prints a Python that has them.
"""

import argparse
import sys
from dataclasses import dataclass

from conformance import frames_control, frames_data, framing, hpack_cases, messages, ordinary, states  # noqa: F401
from conformance.case import CASES
from conformance.transports import TRANSPORTS
from conformance.wire import Connection


@dataclass
class Target:
    host: str
    port: int
    authority: str | None


def check(case, target, transport):
    """The violation; None if the server conforms."""
    connection = Connection(target)
    try:
        if case.handshake:
            connection.handshake()
        case.run(connection, transport)
    except Exception as error:  # Every error of hpack, hyperframe and h2 is a finding.
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
    for transport in [kind(target) for kind in TRANSPORTS]:
        for case in cases:
            problem = check(case, target, transport)
            failures += problem is not None
            if problem or options.verbose:
                print(f"{'FAILED' if problem else 'ok':<6} {transport.name:<4} §{case.section} {case.what}{': ' + problem if problem else ''}")
    print(f"{len(cases)} cases on {len(TRANSPORTS)} transports, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
