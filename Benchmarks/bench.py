#!/usr/bin/env python3
"""The benchmark: every row is a ratio of two things run alternately in one run, so that a noisy machine hurts both.

Prints a table and writes a JSON file; nothing passes or fails on time. `make bench` builds what it needs and calls it.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import (broker, churn, contention, crash, failover, http2, memory, operations, overrun, pipeline, process,  # noqa: E402
                 relay, verify, wakeup, writes)
from lib.postgres import Postgres  # noqa: E402
from lib.report import Report  # noqa: E402

SUITES = {"writes": writes.WritePath, "relay": relay.Relay, "broker": broker.Broker, "wakeup": wakeup.WakeUp, "http2": http2.HTTP2,
          "pipeline": pipeline.Pipeline, "crash": crash.Crash, "failover": failover.Failover, "overrun": overrun.Overrun,
          "contention": contention.Contention, "memory": memory.Memory,
          "churn": churn.Churn, "operations": operations.Operations, "verify": verify.Verify}


class Bench:
    """What the suites share: the database server, the binaries and a scratch folder."""

    def __init__(self, arguments):
        self.folder = os.path.dirname(os.path.abspath(__file__))
        self.root = os.path.dirname(self.folder)
        self.binaries, self.tools = os.path.abspath(arguments.binaries), os.path.abspath(arguments.tools)
        self.seconds, self.rounds, self.orders, self.rows = arguments.seconds, arguments.rounds, arguments.orders, arguments.rows
        self.random = random.Random(1)
        self.work = tempfile.mkdtemp(prefix="outbox-bench-work-")
        self.servers = []
        self.postgres = Postgres()

    def fresh_database(self):
        self.postgres.create()
        subprocess.run([self.binary("outboxctl"), "migrate", "--directory", os.path.join(self.root, "migrations")], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "DATABASE_URL": self.postgres.url()})

    def start(self, name, environment, port=None):
        server = process.Server(name, [self.binary(name)], self.work, environment, port)
        self.servers.append(server)
        return server

    def start_command(self, name, command, port=None, stdin=subprocess.DEVNULL):
        server = process.Server(name, command, self.work, port=port, stdin=stdin)
        self.servers.append(server)
        return server

    def start_load(self, port, path, bodies, connections, streams, seconds, maximum=None, record=None):
        """The load generator of c/grpc_load.c; its answer is one JSON object on standard output."""
        command = [self.tool("grpc_load"), "127.0.0.1", str(port), path, bodies, str(connections), str(streams), str(seconds)]
        if maximum:
            command.append(str(maximum))
        environment = {**os.environ, **({"RECORD": record} if record else {})}
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    def wait_ready(self, url):
        def ready():
            try:
                return urllib.request.urlopen(url, timeout=1).status == 200
            except OSError:
                return False
        process.wait_for(f"{url} answering 200", ready)

    def binary(self, name):
        return os.path.join(self.binaries, name)

    def tool(self, name):
        return os.path.join(self.tools, name)

    def shuffled(self, items):
        items = list(items)
        self.random.shuffle(items)
        return items

    def stop(self, succeeded):
        """The logs go as well, unless something failed and they may say why."""
        for server in self.servers:
            server.stop()
        self.postgres.stop()
        if succeeded:
            shutil.rmtree(self.work, ignore_errors=True)
        else:
            print(f"the logs are in {self.work}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", default=".build/release", help="where the release build is")
    parser.add_argument("--tools", default=".build/bench", help="where the C programs of this folder are built")
    parser.add_argument("--seconds", type=int, default=5, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="how often each pair is measured")
    parser.add_argument("--orders", type=int, default=50000, help="existing orders for reads and commands")
    parser.add_argument("--rows", type=int, default=1000000, help="outbox rows for the relay to drain")
    parser.add_argument("--json", default=".build/bench/results.json", help="where the figures go")
    parser.add_argument("suites", nargs="*", help=f"which of {', '.join(SUITES)}; default all")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.suites if name not in SUITES]
    if unknown:
        parser.error(f"no such suite: {', '.join(unknown)}; there are {', '.join(SUITES)}")
    # Ended from outside, the bench still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended by SIGTERM"))
    report = Report()
    bench = Bench(arguments)
    succeeded = False
    try:
        for name, suite in SUITES.items():
            if not arguments.suites or name in arguments.suites:
                print(f"{name}:", file=sys.stderr, flush=True)
                suite(bench, report).run()
        succeeded = True
    finally:
        bench.stop(succeeded)
        if report.rows or report.notes:
            report.write(arguments.json)
            print(report.table())


if __name__ == "__main__":
    main()
