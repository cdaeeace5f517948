"""The two transports of the port, REST and gRPC, with each kind of request that the cases need."""

import json

from . import wire
from .case import answered

JSON = [("content-type", "application/json")]
GRPC = [("content-type", "application/grpc"), ("te", "trailers")]
EMPTY_MESSAGE = bytes(5)


class Transport:
    def __init__(self, target):
        self.authority = f"{target.host}:{target.port}"
        self.scheme = "https" if target.authority else "http"

    def fields(self, method, path, more=()):
        return [(":method", method), (":scheme", self.scheme), (":path", path), (":authority", self.authority), *more]

    def request(self, connection):
        """A complete request that is answered with 200 and a body."""
        stream = self.upload(connection)
        connection.data(stream, self.body, end=True)
        return stream

    def upload(self, connection, more=(), **options):
        """A request whose body is still to come: `body`, answered with 200."""
        return connection.headers(self.upload_fields + list(more), **options)


class REST(Transport):
    name = "REST"
    body = json.dumps(
        {"customer_id": "c", "vendor_id": "v", "product_id": "p", "quantity": 1, "total_price": 9.5, "payment_method": "CARD"}
    ).encode()

    def __init__(self, target):
        super().__init__(target)
        self.upload_fields = self.fields("POST", "/v1/orders", JSON)
        self.get_fields = self.fields("GET", "/livez")
        connection = wire.Connection(target).handshake()
        placed = json.loads(answered(connection, self.request(connection)))
        connection.close()
        self.watch_fields = self.fields("GET", f"/v1/orders/{placed['order_id']}/events?watch=true")

    def long_body(self, size):
        return self.body.ljust(size)

    def hold(self, connection):
        """A complete request whose response does not end: the stream is half-closed (remote)."""
        return connection.headers(self.watch_fields, end=True)


class Grpc(Transport):
    name = "gRPC"
    body = EMPTY_MESSAGE

    def __init__(self, target):
        super().__init__(target)
        self.upload_fields = self.fields("POST", "/grpc.health.v1.Health/Check", GRPC)
        # The answer is 200 with trailers that report the missing message.
        self.get_fields = self.upload_fields
        self.watch_fields = self.fields("POST", "/grpc.health.v1.Health/Watch", GRPC)

    def long_body(self, size):
        """Asks for a service whose name is nearly as long."""
        name = bytes(size - 5 - 4)
        return b"\0" + (size - 5).to_bytes(4, "big") + b"\x0a" + bytes([len(name) & 127 | 128, len(name) >> 7 & 127 | 128, len(name) >> 14]) + name

    def hold(self, connection):
        stream = connection.headers(self.watch_fields)
        connection.data(stream, EMPTY_MESSAGE, end=True)
        return stream


TRANSPORTS = [REST, Grpc]
