"""Unary calls: answers, deadlines, sizes, compression, metadata, errors."""

import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from orders.v1 import order_service_pb2 as orders
from orders.v1 import order_service_pb2_grpc as services

from .check import SECONDS, check, expect, failure, order, same

MIB = 1024 * 1024


@check("a unary call")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        placed = stub.PlaceOrder(order(), timeout=SECONDS)
        same(placed.version, 1, "the version")
        found = stub.GetOrder(orders.GetOrderRequest(order_id=placed.order_id), timeout=SECONDS).order
        same((found.quantity, found.total_price, found.version), (2, 19.98, 1), "the order")


@check("a thousand calls at once on one connection")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        running = [stub.PlaceOrder.future(order(), timeout=SECONDS) for _ in range(1_000)]
        same(len({call.result().order_id for call in running}), 1_000, "the number of orders")


@check("the same request_id: the first answer again, or a refusal of another request")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        key = str(uuid.uuid4())
        first = stub.PlaceOrder(order(request_id=key), timeout=SECONDS)
        again = stub.PlaceOrder(order(request_id=key), timeout=SECONDS)
        same((again.order_id, again.replayed), (first.order_id, True), "the answer")
        error = failure(grpc.StatusCode.INVALID_ARGUMENT, lambda: stub.PlaceOrder(order(request_id=key, quantity=3), timeout=SECONDS))
        expect("request_id" in error.details(), f"the field is not named: {error.details()}")


@check("a method that there is not")
def _(server):
    with server.channel() as channel:
        call = channel.unary_unary("/orders.v1.OrderService/Nothing")
        failure(grpc.StatusCode.UNIMPLEMENTED, lambda: call(b"", timeout=SECONDS))


@check("a deadline that passes while the list waits for the projection")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        placed = stub.PlaceOrder(order(), timeout=SECONDS)
        wanted = orders.OrderVersion(order_id=placed.order_id, version=placed.version)
        failure(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: stub.ListOrders(orders.ListOrdersRequest(at_least=wanted), timeout=0.3))
        server.wait_for_watchers(0)


@check("a call that its client cancels")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        placed = stub.PlaceOrder(order(), timeout=SECONDS)
        wanted = orders.OrderVersion(order_id=placed.order_id, version=placed.version)
        call = stub.ListOrders.future(orders.ListOrdersRequest(at_least=wanted), timeout=SECONDS)
        server.wait_for_watchers(1)
        call.cancel()
        server.wait_for_watchers(0)


for algorithm in (grpc.Compression.Gzip, grpc.Compression.Deflate, grpc.Compression.NoCompression):

    @check(f"compression: {algorithm.name}")
    def _(server, algorithm=algorithm):
        with server.channel(compression=algorithm) as channel:
            stub = services.OrderServiceStub(channel)
            placed = stub.PlaceOrder(order(payment_method="x" * 255), timeout=SECONDS)
            reason = "too late " * 100
            stub.CancelOrder(orders.CancelOrderRequest(order_id=placed.order_id, reason=reason), timeout=SECONDS)
            # An answer of 1,300 bytes: the server compresses it for a client that accepts compression.
            found = stub.GetOrder(orders.GetOrderRequest(order_id=placed.order_id), timeout=SECONDS).order
            same((found.cancellation_reason, found.payment_method), (reason, "x" * 255), "the order")


@check("a compressed message that grows beyond 4 MiB")
def _(server):
    with server.channel(compression=grpc.Compression.Gzip) as channel:
        stub = services.OrderServiceStub(channel)
        failure(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: stub.PlaceOrder(order(customer_id="c" * 5 * MIB), timeout=SECONDS))


@check("a message beyond 4 MiB, and the connection goes on")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        failure(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: stub.PlaceOrder(order(customer_id="c" * 5 * MIB), timeout=SECONDS))
        error = failure(grpc.StatusCode.INVALID_ARGUMENT, lambda: stub.PlaceOrder(order(customer_id="c" * 3 * MIB), timeout=SECONDS))
        expect("customer_id" in error.details(), f"the field is not named: {error.details()}")
        stub.PlaceOrder(order(), timeout=SECONDS)


@check("metadata: large, binary, and beyond the limit")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        stub.PlaceOrder(order(), timeout=SECONDS, metadata=[("x-large", "y" * 12_000), ("x-raw-bin", bytes(range(256)))])
        beyond = [("x-large", "y" * 20_000)]
        failure(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: stub.PlaceOrder(order(), timeout=SECONDS, metadata=beyond))
        stub.PlaceOrder(order(), timeout=SECONDS)


def details(error, kind):
    """The first detail of a kind in grpc-status-details-bin; its code and text must be those of the trailers."""
    status = rpc_status.from_call(error)
    expect(status is not None, "no grpc-status-details-bin")
    same((status.code, status.message), (error.code().value[0], error.details()), "google.rpc.Status")
    for packed in status.details:
        detail = kind()
        if packed.Unpack(detail):
            return detail
    expect(False, f"no {kind.__name__} in {status}")


@check("rich errors: BadRequest and ErrorInfo name every field")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        error = failure(grpc.StatusCode.INVALID_ARGUMENT, lambda: stub.PlaceOrder(orders.PlaceOrderRequest(), timeout=SECONDS))
        fields = {violation.field for violation in details(error, error_details_pb2.BadRequest).field_violations}
        same(fields, {"customer_id", "vendor_id", "product_id", "quantity", "total_price", "payment_method"}, "the fields")
        info = details(error, error_details_pb2.ErrorInfo)
        same((info.reason, info.domain), ("INVALID_ARGUMENT", "orders.v1"), "ErrorInfo")


@check("rich errors: a stale version names expected and actual")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        placed = stub.PlaceOrder(order(), timeout=SECONDS)
        request = orders.CancelOrderRequest(order_id=placed.order_id, reason="r", expected_version=7)
        error = failure(grpc.StatusCode.ABORTED, lambda: stub.CancelOrder(request, timeout=SECONDS))
        info = details(error, error_details_pb2.ErrorInfo)
        expect("7" in info.metadata.values() and "1" in info.metadata.values(), f"metadata {dict(info.metadata)}")


@check("rich errors: a text beyond ASCII")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        error = failure(grpc.StatusCode.NOT_FOUND, lambda: stub.GetOrder(orders.GetOrderRequest(order_id="Größe 100 % 漢字"), timeout=SECONDS))
        details(error, error_details_pb2.ErrorInfo)
