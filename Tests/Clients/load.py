"""Places orders over gRPC until SIGTERM: load.py HOST:PORT [CONNECTIONS]

Every acknowledged order is one line, "ORDER_ID VERSION", written as soon as the answer is there. A server that ends is no
reason to stop: the crash tests kill it under this load and afterwards search for every acknowledged order.
"""

import signal
import sys
import threading

import grpc
from orders.v1 import order_service_pb2 as orders
from orders.v1 import order_service_pb2_grpc as services

DEADLINE_SECONDS = 5
RECONNECT = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200), ("grpc.use_local_subchannel_pool", 1)]

stop = threading.Event()
output = threading.Lock()


def work(address):
    with grpc.insecure_channel(address, options=RECONNECT) as channel:
        stub = services.OrderServiceStub(channel)
        while not stop.is_set():
            request = orders.PlaceOrderRequest(
                customer_id="load", vendor_id="load", product_id="load", quantity=1, total_price=1.25, payment_method="CARD"
            )
            try:
                answer = stub.PlaceOrder(request, timeout=DEADLINE_SECONDS, wait_for_ready=True)
            except grpc.RpcError:
                continue
            with output:
                sys.stdout.write(f"{answer.order_id} {answer.version or 1}\n")
                sys.stdout.flush()


def main():
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    workers = [threading.Thread(target=work, args=(sys.argv[1],)) for _ in range(count)]
    for worker in workers:
        worker.start()
    stop.wait()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
