"""Counts the statements that idle watchers cause: idle_watchers.py HOST:PORT --database URL --pid PID [--watchers N]

Half of the watchers use gRPC, half Server-Sent Events over HTTP/2. When each has read its order's history, nothing happens until each
event stream has got a heartbeat; meanwhile the only statement may be the listening session's own heartbeat, one for all.
Prints the numbers.
"""

import argparse
import json

import psycopg
from conformance.transports import REST
from conformance.wire import MAX_CONCURRENT_STREAMS, WINDOW_UPDATE, Connection, number, raw
from conformance.case import answered
from behaviour.check import expect
from hyperframe import frame as frames
from orders.v1 import order_service_pb2 as orders

HEARTBEAT = b"\n:"
SIGN_OF_LIFE = "SELECT 1"
CONNECTION_WINDOW = 1 << 24


class Watchers:
    """One connection full of watchers."""

    def __init__(self, options, transport, order_ids, count):
        self.connection = Connection(options).handshake()
        self.connection.send(raw(WINDOW_UPDATE, 0, 0, number(CONNECTION_WINDOW)))
        self.streams = {}
        for index in range(min(count, self.connection.settings[MAX_CONCURRENT_STREAMS])):
            order_id = order_ids[index % len(order_ids)]
            is_sse = index % 2 == 0
            self.streams[self.watch_sse(transport, order_id) if is_sse else self.watch_grpc(transport, order_id)] = is_sse

    def watch_sse(self, transport, order_id):
        return self.connection.headers(transport.fields("GET", f"/v1/orders/{order_id}/events?watch=true"), end=True)

    def watch_grpc(self, transport, order_id):
        message = orders.WatchOrderRequest(order_id=order_id).SerializeToString()
        fields = transport.fields("POST", "/orders.v1.OrderService/WatchOrder", [("content-type", "application/grpc"), ("te", "trailers")])
        stream = self.connection.headers(fields)
        self.connection.data(stream, b"\0" + len(message).to_bytes(4, "big") + message, end=True)
        return stream

    def read_until(self, done):
        """Reads until the condition holds for every stream: (body, whether it is an event stream)."""
        bodies = self.connection.judge.bodies
        while not all(done(bodies.get(stream, b""), is_sse) for stream, is_sse in self.streams.items()):
            frame = self.connection.read()
            expect(frame is not None and not isinstance(frame, (frames.RstStreamFrame, frames.GoAwayFrame)), f"a watch ended: {frame}")
            if isinstance(frame, frames.PingFrame) and "ACK" not in frame.flags:
                self.connection.send(raw(6, 1, 0, frame.opaque_data))


def place(options, transport, count):
    connection = Connection(options).handshake()
    placed = [json.loads(answered(connection, transport.request(connection)))["order_id"] for _ in range(count)]
    connection.close()
    return placed


def sessions(database):
    """Each session of the server: its last statement, and when it began or ended."""
    with psycopg.connect(database) as connection:
        query = "SELECT pid, state_change, query FROM pg_stat_activity WHERE application_name = 'orders-server'"
        return set(connection.execute(query).fetchall())


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address")
    parser.add_argument("--database", required=True)
    parser.add_argument("--pid", required=True)
    parser.add_argument("--watchers", type=int, default=5_000)
    options = parser.parse_args()
    options.host, port = options.address.rsplit(":", 1)
    options.port, options.authority = int(port), None
    transport = REST(options)
    order_ids = place(options, transport, 50)
    before = resident_kib(options.pid)
    groups, watching = [], 0
    while watching < options.watchers:
        groups.append(Watchers(options, transport, order_ids, options.watchers - watching))
        watching += len(groups[-1].streams)
        groups[-1].read_until(lambda body, is_sse: b"order_placed" in body)
    for group in groups:
        group.connection.socket.settimeout(60)
        # A heartbeat from before does not count: the last watcher had not read its history yet.
        for stream in group.streams:
            group.connection.judge.bodies[stream] = b""
    after = resident_kib(options.pid)
    known = sessions(options.database)
    for group in groups:
        group.read_until(lambda body, is_sse: not is_sse or HEARTBEAT in b"\n" + body)
    moved = sessions(options.database) - known
    print(f"{watching} watchers: the server's {len(known)} sessions ran {[query for *_, query in moved]} until all had a heartbeat")
    print(f"{(after - before) / watching:.1f} KiB of resident memory each, {after // 1024} MiB in all")
    expect(known and [query for *_, query in moved] in ([], [SIGN_OF_LIFE]), "idle watchers made the server ask the database")


if __name__ == "__main__":
    main()
