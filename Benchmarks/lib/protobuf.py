"""Just enough protobuf to write requests and events without a generated client."""
import struct
import time
import uuid


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def message(fields):
    """fields: (number, value) pairs; int is a varint, float a double, str and bytes are length-delimited."""
    out = bytearray()
    for number, value in fields:
        if isinstance(value, float):
            out += varint(number << 3 | 1) + struct.pack("<d", value)
        elif isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return bytes(out)


def timestamp(now=None):
    now = time.time_ns() if now is None else now
    return message([(1, now // 10**9), (2, now % 10**9)])


def uuid_v7():
    value = (time.time_ns() // 10**6) << 80 | uuid.uuid4().int & ((1 << 80) - 1)
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def place_order(customer="big-name"):
    return message([(1, customer), (2, "big-vendor"), (3, "big-product"), (4, 5), (5, 99.99), (6, "CREDIT_CARD")])


def paid_order_events(order_id):
    """The first three events of an order: placed, payment initiated, paid, as (type, bytes)."""
    when = timestamp()
    placed = message([(1, order_id), (2, when), (3, "big-name"), (4, "big-vendor"), (5, "big-product"), (6, 5), (7, 9999),
                      (8, "CREDIT_CARD")])
    short = message([(1, order_id), (2, when)])
    return [("order_placed", placed), ("order_payment_initiated", short), ("order_paid", short)]


def moving_order_events(order_id, count):
    """A paid order's events, and then a parcel that keeps moving."""
    moved = message([(1, order_id), (2, timestamp()), (3, 3)])
    return paid_order_events(order_id) + [("order_shipping_status_updated", moved)] * (count - 3)


def write_bodies(path, bodies):
    with open(path, "wb") as f:
        for body in bodies:
            f.write(struct.pack(">I", len(body)) + body)
