"""The registry of checks, and their shared parts."""

import time
import urllib.request

import grpc
from orders.v1 import order_service_pb2 as orders

SECONDS = 30
CHECKS = []


def check(what):
    """Registers a function of (server) as one check."""

    def register(run):
        CHECKS.append((what, run))
        return run

    return register


class Wrong(Exception):
    """The server broke the contract."""


def expect(condition, problem):
    if not condition:
        raise Wrong(problem)


def same(found, wanted, what):
    expect(found == wanted, f"{what} is {found!r}, not {wanted!r}")


def failure(code, call):
    """The error of a call that must fail with the code."""
    try:
        call()
    except grpc.RpcError as error:
        expect(error.code() == code, f"{error.code().name} instead of {code.name}: {error.details()}")
        return error
    raise Wrong(f"an answer instead of {code.name}")


def order(**changes):
    fields = {
        "customer_id": "c", "vendor_id": "v", "product_id": "p", "quantity": 2, "total_price": 19.98, "payment_method": "CARD",
    }
    return orders.PlaceOrderRequest(**{**fields, **changes})


class Server:
    """The server under test: its addresses and its metrics."""

    def __init__(self, address, credentials=None, metrics=None):
        self.address = address
        self.credentials = credentials
        self.metrics = metrics

    def channel(self, **options):
        """A connection of its own, so that no check inherits another's."""
        arguments = options.pop("options", []) + [("grpc.use_local_subchannel_pool", 1)]
        if self.credentials:
            return grpc.secure_channel(self.address, self.credentials, options=arguments, **options)
        return grpc.insecure_channel(self.address, options=arguments, **options)

    def wait_for_watchers(self, count):
        """Waits until the server's own metric shows so many watchers."""
        wanted = f"orders_watchers {count}"
        deadline = time.monotonic() + SECONDS
        while True:
            with urllib.request.urlopen(self.metrics + "/metrics", timeout=SECONDS) as answer:
                lines = answer.read().decode().splitlines()
            if wanted in lines or f"{wanted}.0" in lines:
                return
            expect(time.monotonic() < deadline, f"never {wanted}: {[line for line in lines if 'watchers' in line]}")
            time.sleep(0.02)
