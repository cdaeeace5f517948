"""Calls all five RPCs of OrderService, as a client in another language would: order_calls.py HOST:PORT

The stubs are generated from proto/ by scripts/python.sh, which also prints the Python to run this with. Prints one line per call
and fails when an answer breaks the contract of the API.
"""

import sys
import time

import grpc
from orders.v1 import order_service_pb2 as orders
from orders.v1 import order_service_pb2_grpc as services
from orders.v1 import status_pb2 as status

DEADLINE_SECONDS = 20


def place(stub, payment_method="CREDIT_CARD"):
    answer = stub.PlaceOrder(
        orders.PlaceOrderRequest(
            customer_id="grpc-customer",
            vendor_id="grpc-vendor",
            product_id="grpc-product",
            quantity=2,
            total_price=19.98,
            payment_method=payment_method,
        ),
        timeout=DEADLINE_SECONDS,
    )
    print(f"PlaceOrder                {answer.order_id}")
    return answer.order_id


def get(stub, order_id):
    return stub.GetOrder(orders.GetOrderRequest(order_id=order_id), timeout=DEADLINE_SECONDS).order


def wait_for_payment(stub, order_id, wanted):
    """Payment happens behind the API, so a client polls for it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (order := get(stub, order_id)).payment_status != wanted:
        if time.monotonic() > deadline:
            sys.exit(f"order {order_id} is still {status.PaymentStatus.Name(order.payment_status)}")
        time.sleep(0.02)
    print(f"GetOrder                  {order.order_id} {status.PaymentStatus.Name(order.payment_status)}")
    return order


def wait_for_listing(stub, order_id):
    """The list is a projection, which follows in milliseconds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = stub.ListOrders(orders.ListOrdersRequest(limit=100), timeout=DEADLINE_SECONDS).orders
        if any(order.order_id == order_id for order in found):
            print(f"ListOrders                {len(found)} orders, {order_id} among them")
            return
        if time.monotonic() > deadline:
            sys.exit(f"order {order_id} does not appear in ListOrders")
        time.sleep(0.02)


def expect_error(code, call, what):
    try:
        call()
    except grpc.RpcError as error:
        if error.code() != code:
            sys.exit(f"{what}: expected {code.name}, got {error.code().name}: {error.details()}")
        print(f"{what:<25} {code.name}: {error.details()}")
        return
    sys.exit(f"{what}: expected {code.name}, got an answer")


def main():
    with grpc.insecure_channel(sys.argv[1]) as channel:
        stub = services.OrderServiceStub(channel)
        paid = place(stub)
        order = wait_for_payment(stub, paid, status.PAYMENT_STATUS_PAID)
        assert order.total_price == 19.98 and order.quantity == 2, order
        stub.UpdateOrderShippingStatus(
            orders.UpdateOrderShippingStatusRequest(order_id=paid, status=status.SHIPPING_STATUS_IN_TRANSIT), timeout=DEADLINE_SECONDS
        )
        print(f"UpdateOrderShippingStatus {paid} IN_TRANSIT")
        assert get(stub, paid).shipping_status == status.SHIPPING_STATUS_IN_TRANSIT

        declined = place(stub, payment_method="DECLINED_CARD")
        wait_for_payment(stub, declined, status.PAYMENT_STATUS_FAILED)
        stub.CancelOrder(orders.CancelOrderRequest(order_id=declined, reason="card declined"), timeout=DEADLINE_SECONDS)
        print(f"CancelOrder               {declined}")
        assert get(stub, declined).shipping_status == status.SHIPPING_STATUS_CANCELLED

        wait_for_listing(stub, paid)
        expect_error(grpc.StatusCode.NOT_FOUND, lambda: get(stub, "no-such-order"), "GetOrder")
        expect_error(
            grpc.StatusCode.FAILED_PRECONDITION,
            lambda: stub.CancelOrder(orders.CancelOrderRequest(order_id=declined, reason="again"), timeout=DEADLINE_SECONDS),
            "CancelOrder",
        )
        expect_error(
            grpc.StatusCode.INVALID_ARGUMENT,
            lambda: stub.PlaceOrder(orders.PlaceOrderRequest(customer_id="c"), timeout=DEADLINE_SECONDS),
            "PlaceOrder",
        )


if __name__ == "__main__":
    main()
