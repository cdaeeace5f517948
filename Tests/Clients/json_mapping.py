"""REST's JSON against protobuf's own mapping: json_mapping.py HTTP_URL GRPC_ADDRESS [--seed N] [--orders N]

The judge is google.protobuf.json_format. What it reads as a message REST must read as the same message, and what it refuses REST must
refuse. What REST prints the judge must read as the message that gRPC answers with.
"""
import argparse
import http.client
import json
import random
import sys
from urllib.parse import urlsplit

import grpc
from google.protobuf import json_format
from orders.v1 import order_service_pb2 as api
from orders.v1 import order_service_pb2_grpc

SPELLINGS = {"customer_id": "customerId", "vendor_id": "vendorId", "product_id": "productId", "total_price": "totalPrice",
             "payment_method": "paymentMethod", "expected_version": "expectedVersion", "quantity": "quantity", "reason": "reason",
             "status": "status"}
# What Python's parser takes although the mapping has no such value: its float() and int() read more than JSON has. REST refuses it.
LENIENT = {"quantity": [], "customer_id": [], "expected_version": [], "total_price": ["true", '" 5"', '"5 "'],
           "status": ["true", "1.5", "99.99", '" 5"', '"5 "', "0.001e3"]}
TEXTS = ["big-name", "ü", "\U0001F600", "a b", "\"quoted\"", "back\\slash", "tab\there", "</script>", "\u2028", "null", "1"]

parser = argparse.ArgumentParser()
parser.add_argument("http")
parser.add_argument("grpc")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--orders", type=int, default=200)
arguments = parser.parse_args()
rng = random.Random(arguments.seed)
client = http.client.HTTPConnection(urlsplit(arguments.http).netloc, timeout=30)
orders = order_service_pb2_grpc.OrderServiceStub(grpc.insecure_channel(arguments.grpc))
checks = failures = 0


def check(condition, *about):
    global checks, failures
    checks += 1
    if not condition:
        failures += 1
        print("failed:", *about)


def call(method, path, text=None):
    client.request(method, path, None if text is None else text.encode(), {"Content-Type": "application/json"} if text is not None else {})
    response = client.getresponse()
    body = response.read().decode()
    return response.status, response.headers, body


def spelt(name):
    return rng.choice([name, SPELLINGS[name]])


def integer(number):
    forms = [str(number), f'"{number}"', f"{number}.0"]
    if number % 100 == 0:
        forms.append(f"{number // 100}e2")
    return rng.choice(forms)


def price(cents):
    text = f"{cents // 100}.{cents % 100:02}"
    return rng.choice([text, f'"{text}"'] + ([f"{cents // 100}", f"{cents // 100}.0"] if cents % 100 == 0 else []))


def string(text):
    return json.dumps(text, ensure_ascii=rng.random() < 0.5)


def members(fields):
    items = [f'{string(spelt(name))}:{value}' for name, value in fields.items()]
    rng.shuffle(items)
    return "{" + ",".join(items) + "}"


def read(message, text):
    """The message as the judge reads it; None if it refuses the text."""
    try:
        return json_format.Parse(text, message)
    except json_format.ParseError:
        return None


def valid_order():
    return {"customer_id": string(rng.choice(TEXTS)), "vendor_id": string(rng.choice(TEXTS)), "product_id": string(rng.choice(TEXTS)),
            "quantity": integer(rng.choice([1, 5, 100, 2_147_483_600, rng.randrange(1, 2**31)])),
            "total_price": price(rng.choice([1, 9999, 1250, 100, rng.randrange(1, 10**12)])),
            "payment_method": string("CREDIT_CARD")}


def shown(order_id):
    """REST prints what gRPC answers."""
    status, headers, body = call("GET", f"/v1/orders/{order_id}")
    message = orders.GetOrder(api.GetOrderRequest(order_id=order_id))
    check(status == 200 and read(api.GetOrderResponse(), body) == message, "GET", body, message)
    check(headers["ETag"] == f'"{message.order.version}"', "ETag", headers["ETag"])
    return message.order


def placed():
    text = members(valid_order())
    wanted = read(api.PlaceOrderRequest(), text)
    status, _, body = call("POST", "/v1/orders", text)
    check(wanted is not None and status == 200, text, status, body)
    if status != 200:
        return
    order = shown(json.loads(body)["order_id"])
    for name in ["customer_id", "vendor_id", "product_id", "quantity", "total_price", "payment_method"]:
        check(getattr(order, name) == getattr(wanted, name), text, name)
    cancelled(order.order_id)


def cancelled(order_id):
    text = members({"reason": string(rng.choice(TEXTS)), "expected_version": rng.choice(["null", integer(1)])})
    check(read(api.CancelOrderRequest(), text) is not None, text)
    status, _, body = call("POST", f"/v1/orders/{order_id}/cancel", text)
    check(status == 200 and read(api.CancelOrderResponse(), body) is not None, text, status, body)
    shown(order_id)


def refused_alike():
    """Values that the judge refuses, and values that it takes for a field of that type."""
    values = ["true", "[]", "{}", "[1]", '"x"', '"1.5"', '"1,5"', "1.5", "0.001e3", '""', '" 5"', '"5 "', '"0x5"', "5", '"5"', "1e2", "-0.0",
              '"7"', "2147483647", "2147483648", '"2147483648"', "1e10", "99.99", '"99.99"', "1e400", "3", "4", '"3"', "3.0",
              '"SHIPPING_STATUS_IN_TRANSIT"', '"IN_TRANSIT"', '"shipping_status_in_transit"']
    order_id = json.loads(call("POST", "/v1/orders", members(valid_order()))[2])["order_id"]
    for value in values:
        for name in ["customer_id", "quantity", "total_price"]:
            text = members({**valid_order(), name: value})
            alike("POST", "/v1/orders", api.PlaceOrderRequest(), name, value, text)
        alike("PUT", f"/v1/orders/{order_id}/shipping-status", api.UpdateOrderShippingStatusRequest(), "status", value,
              members({"status": value}))
        alike("POST", f"/v1/orders/{order_id}/cancel", api.CancelOrderRequest(), "expected_version", value,
              members({"reason": '"r"', "expected_version": value}))
    for text in ['{"quantity":1,"quantity":1}', '{"colour":"red"}', '"x"', "1", "", "{", "{}x"]:
        check(read(api.PlaceOrderRequest(), text) is None, text)
    # The last four are refused by REST alone.
    for text in ['{"quantity":1,"quantity":1}', '{"colour":"red"}', '"x"', "1", "", "{", "{}x", "[]", "null",
                 '{"customer_id":"a","customerId":"a"}', '{"customer_id":null,"customerId":"a"}']:
        status, _, body = call("POST", "/v1/orders", text)
        check(status == 400 and json.loads(body)["code"] == 3, text, status, body)


def alike(method, path, message, name, value, text):
    """REST and the judge take or refuse a value of a field; both read 1e400 as infinite and have other words for it."""
    judged = None if value in LENIENT[name] else read(message, text)
    status, _, body = call(method, path, text)
    refused = f"{name}: must be" in json.loads(body).get("message", "") if status == 400 else False
    if judged is None:
        check(refused, "the judge refuses", text, status, body)
    elif refused and value != "1e400":
        # The value is of the field's type; the rules about orders may refuse it, by gRPC in the same words.
        check(json.loads(body)["message"] == by_grpc(judged, path), "the judge takes", text, body)


def by_grpc(message, path):
    method = {api.PlaceOrderRequest: orders.PlaceOrder, api.CancelOrderRequest: orders.CancelOrder,
              api.UpdateOrderShippingStatusRequest: orders.UpdateOrderShippingStatus}[type(message)]
    if hasattr(message, "order_id"):
        message.order_id = path.split("/")[3]
    try:
        method(message)
    except grpc.RpcError as error:
        return error.details()


for _ in range(arguments.orders):
    placed()
refused_alike()
print(f"{checks} checks, {failures} failed")
sys.exit(failures > 0)
