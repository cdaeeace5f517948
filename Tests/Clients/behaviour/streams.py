"""Server streaming: WatchOrder to its end, to its deadline, and cancelled by its client."""

import grpc
from orders.v1 import order_service_pb2 as orders
from orders.v1 import order_service_pb2_grpc as services

from .check import SECONDS, check, failure, order, same


@check("a watch shows history, then what happens, and ends with the order")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        placed = stub.PlaceOrder(order(), timeout=SECONDS)
        watch = stub.WatchOrder(orders.WatchOrderRequest(order_id=placed.order_id), timeout=SECONDS)
        same(next(watch).event.event_type, "order_placed", "the first event")
        stub.CancelOrder(orders.CancelOrderRequest(order_id=placed.order_id, reason="r"), timeout=SECONDS)
        watch.cancel()
        again = stub.WatchOrder(orders.WatchOrderRequest(order_id=placed.order_id, from_sequence=1), timeout=SECONDS)
        same([(item.event.sequence_number, item.event.event_type) for item in again], [(1, "order_cancelled")], "the rest")
        server.wait_for_watchers(0)


@check("a watch that its client leaves")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        placed = stub.PlaceOrder(order(), timeout=SECONDS)
        watches = [stub.WatchOrder(orders.WatchOrderRequest(order_id=placed.order_id), timeout=SECONDS) for _ in range(50)]
        for watch in watches:
            next(watch)
        server.wait_for_watchers(50)
        for watch in watches:
            watch.cancel()
        server.wait_for_watchers(0)


@check("a watch whose connection is closed")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        placed = stub.PlaceOrder(order(), timeout=SECONDS)
        watch = stub.WatchOrder(orders.WatchOrderRequest(order_id=placed.order_id), timeout=SECONDS)
        next(watch)
        server.wait_for_watchers(1)
    server.wait_for_watchers(0)


@check("a watch whose deadline passes")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        placed = stub.PlaceOrder(order(), timeout=SECONDS)
        watch = stub.WatchOrder(orders.WatchOrderRequest(order_id=placed.order_id), timeout=0.5)
        failure(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: list(watch))
        server.wait_for_watchers(0)


@check("a watch of an order that there is not")
def _(server):
    with server.channel() as channel:
        stub = services.OrderServiceStub(channel)
        failure(grpc.StatusCode.NOT_FOUND, lambda: list(stub.WatchOrder(orders.WatchOrderRequest(order_id="no"), timeout=SECONDS)))
