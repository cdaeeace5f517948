"""Checks the contract of a gRPC server with Google's own client: grpc_behaviour.py HOST:PORT --metrics URL

    --authority FILE                   use TLS, and trust this authority
    --certificate FILE, --key FILE     the client's identity, where the server asks for it
    --only TEXT                        only checks whose description holds the text

The server must run without a projector: some checks wait for a list that does not come. Prints one line per check, and fails if one
does. scripts/python.sh prints a Python with the packages that this needs.
"""

import argparse
import sys

import grpc
from behaviour import calls, streams, tools  # noqa: F401
from behaviour.check import CHECKS, Server


def contents(path):
    if path is None:
        return None
    with open(path, "rb") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address")
    parser.add_argument("--metrics", required=True)
    for name in ("--authority", "--certificate", "--key"):
        parser.add_argument(name)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    credentials = None
    if options.authority:
        credentials = grpc.ssl_channel_credentials(contents(options.authority), contents(options.key), contents(options.certificate))
    server = Server(options.address, credentials, options.metrics)
    failures = 0
    chosen = [(what, run) for what, run in CHECKS if options.only in what]
    for what, run in chosen:
        try:
            run(server)
            print(f"ok      {what}")
        except Exception as error:  # One failure must not hide the others.
            failures += 1
            print(f"FAILED  {what}: {type(error).__name__}: {error}")
    print(f"{len(chosen)} checks, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
