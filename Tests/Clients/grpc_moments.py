"""Checks how calls end when something ends: grpc_moments.py HOST:PORT unavailable | shutdown --database URL --http URL

    unavailable   Postgres is away: a call fails at once with UNAVAILABLE and says when to try again
    shutdown      prints "ready", and expects SIGTERM to be sent to the server then; its SHUTDOWN_DELAY must be some seconds
"""

import argparse
import time
import urllib.error
import urllib.request

import grpc
import psycopg
from behaviour.calls import details
from behaviour.check import SECONDS, Server, expect, failure, order, same
from conformance.wire import ACK, PING, Connection, raw
from google.rpc import error_details_pb2
from grpc.health.v1 import health_pb2, health_pb2_grpc
from hyperframe import frame as frames
from orders.v1 import order_service_pb2 as orders
from orders.v1 import order_service_pb2_grpc as services


def unavailable(options):
    with Server(options.address).channel() as channel:
        stub = services.OrderServiceStub(channel)
        error = failure(grpc.StatusCode.UNAVAILABLE, lambda: stub.PlaceOrder(order(), timeout=SECONDS))
        delay = details(error, error_details_pb2.RetryInfo).retry_delay
        expect(delay.seconds > 0 or delay.nanos > 0, f"retry_delay {delay}")


def readiness(options):
    try:
        with urllib.request.urlopen(options.http + "/readyz", timeout=SECONDS) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def shutdown(options):
    server = Server(options.address)
    quiet = Connection(options).handshake()
    with server.channel() as channel, psycopg.connect(options.database) as blocker:
        stub = services.OrderServiceStub(channel)
        placed = stub.PlaceOrder(order(), timeout=SECONDS)
        watch = stub.WatchOrder(orders.WatchOrderRequest(order_id=placed.order_id), timeout=SECONDS)
        next(watch)
        health = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        same(next(health).status, health_pb2.HealthCheckResponse.SERVING, "health")
        same(readiness(options), 200, "/readyz")
        # This write cannot finish before the lock is released: it is in flight while everything else ends.
        blocker.execute("LOCK TABLE event IN EXCLUSIVE MODE")
        writing = stub.PlaceOrder.future(order(), timeout=SECONDS)
        wait_until_blocked(options.database)
        print("ready", flush=True)

        same(next(health).status, health_pb2.HealthCheckResponse.NOT_SERVING, "health")
        same(readiness(options), 503, "/readyz, asked on a new connection")
        with server.channel() as newcomer:
            found = services.OrderServiceStub(newcomer).GetOrder(orders.GetOrderRequest(order_id=placed.order_id), timeout=SECONDS)
            same(found.order.order_id, placed.order_id, "the order, read during the delay")
        failure(grpc.StatusCode.UNAVAILABLE, lambda: list(watch))
        failure(grpc.StatusCode.UNAVAILABLE, lambda: list(health))
        two_goaways(quiet)
        expect(not writing.done(), "the write ended before its lock was given back")
        blocker.rollback()
        same(writing.result().version, 1, "the version of the write that was in flight")


def wait_until_blocked(database):
    with psycopg.connect(database, autocommit=True) as connection:
        deadline = time.monotonic() + SECONDS
        while not connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0]:
            expect(time.monotonic() < deadline, "the write does not wait for the lock")
            time.sleep(0.02)


def two_goaways(connection):
    """First "no new streams", then, a round trip later, the last stream that is served (RFC 9113 §6.8); then the end."""
    said = []
    while (frame := connection.read()) is not None:
        if isinstance(frame, frames.PingFrame):
            connection.send(raw(PING, ACK, 0, frame.opaque_data))
        elif isinstance(frame, frames.GoAwayFrame):
            said.append((frame.last_stream_id, frame.error_code))
    same(said, [(2**31 - 1, 0), (0, 0)], "the GOAWAY frames")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address")
    parser.add_argument("moment", choices=["unavailable", "shutdown"])
    parser.add_argument("--database")
    parser.add_argument("--http")
    options = parser.parse_args()
    options.host, port = options.address.rsplit(":", 1)
    options.port, options.authority = int(port), None
    {"unavailable": unavailable, "shutdown": shutdown}[options.moment](options)
    print("as it should be")


if __name__ == "__main__":
    main()
