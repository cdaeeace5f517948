"""DATA, HEADERS, PRIORITY, RST_STREAM, CONTINUATION: RFC 9113 §6.1 to §6.4, §6.10."""

from hyperframe import frame as frames

from . import wire
from .case import alive, answered, case, connection_error, stream_error
from .wire import CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_SIZE_ERROR, HEADERS, PADDED, PRIORITY, PRIORITY_FLAG
from .wire import PROTOCOL_ERROR, RST_STREAM, STREAM_CLOSED, Violation, number, raw


@case("6.1", "DATA in several frames, empty ones among them")
def _(connection, transport):
    stream = transport.upload(connection)
    for byte in transport.body:
        connection.data(stream, bytes([byte]))
    connection.data(stream)
    connection.data(stream, end=True)
    answered(connection, stream)


@case("6.1", "DATA with padding")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(DATA, PADDED | END_STREAM, stream, b"\x06" + transport.body + bytes(6)))
    answered(connection, stream)


@case("6.1", "DATA that is nothing but padding")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(DATA, PADDED, stream, b"\x06" + bytes(6)))
    connection.send(raw(DATA, PADDED, stream, b"\x00"))
    connection.data(stream, transport.body, end=True)
    answered(connection, stream)


@case("6.1", "DATA on stream 0")
def _(connection, transport):
    connection.data(0, b"x")
    connection_error(connection, PROTOCOL_ERROR)


@case("6.1", "DATA on a stream that is half-closed")
def _(connection, transport):
    stream = transport.hold(connection)
    connection.data(stream, b"x")
    stream_error(connection, transport, stream, STREAM_CLOSED)


@case("6.1", "DATA with padding as long as the payload")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(DATA, PADDED | END_STREAM, stream, b"\x05" + b"test"))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.1", "DATA whose padding length is missing")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(DATA, PADDED | END_STREAM, stream))
    connection_error(connection, PROTOCOL_ERROR, FRAME_SIZE_ERROR)


@case("6.2", "HEADERS with padding")
def _(connection, transport):
    stream = transport.upload(connection, flags=END_HEADERS | PADDED, prefix=b"\x06", suffix=bytes(6))
    connection.data(stream, transport.body, end=True)
    answered(connection, stream)


@case("6.2", "HEADERS with priority")
def _(connection, transport):
    stream = transport.upload(connection, flags=END_HEADERS | PRIORITY_FLAG, prefix=number(0) + b"\x0f")
    connection.data(stream, transport.body, end=True)
    answered(connection, stream)


@case("6.2", "HEADERS with padding and priority")
def _(connection, transport):
    stream = transport.upload(connection, flags=END_HEADERS | PRIORITY_FLAG | PADDED, prefix=b"\x03" + number(0) + b"\x0f", suffix=bytes(3))
    connection.data(stream, transport.body, end=True)
    answered(connection, stream)


@case("6.2", "HEADERS on stream 0")
def _(connection, transport):
    connection.send(raw(HEADERS, END_HEADERS | END_STREAM, 0, connection.encoder.encode(transport.get_fields)))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.2", "HEADERS with padding as long as the payload")
def _(connection, transport):
    block = connection.encoder.encode(transport.get_fields)
    connection.send(raw(HEADERS, END_HEADERS | END_STREAM | PADDED, connection.stream(), bytes([len(block) + 1]) + block))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.2", "HEADERS whose padding leaves no room for the priority")
def _(connection, transport):
    connection.send(raw(HEADERS, END_HEADERS | PADDED | PRIORITY_FLAG, connection.stream(), b"\x05" + bytes(7)))
    connection_error(connection, PROTOCOL_ERROR, FRAME_SIZE_ERROR)


@case("6.2", "HEADERS too short for their priority")
def _(connection, transport):
    connection.send(raw(HEADERS, END_HEADERS | PRIORITY_FLAG, connection.stream(), bytes(3)))
    connection_error(connection, FRAME_SIZE_ERROR, PROTOCOL_ERROR)


@case("6.3", "PRIORITY on stream 0")
def _(connection, transport):
    connection.send(raw(PRIORITY, 0, 0, number(0) + b"\x0f"))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.3", "PRIORITY of four bytes")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(PRIORITY, 0, stream, number(0)))
    stream_error(connection, transport, stream, FRAME_SIZE_ERROR)


@case("6.4", "RST_STREAM, and the connection goes on")
def _(connection, transport):
    connection.send(raw(RST_STREAM, 0, transport.upload(connection), number(CANCEL)))
    connection.send(raw(RST_STREAM, 0, transport.hold(connection), number(wire.NO_ERROR)))
    alive(connection, transport)


@case("6.4", "RST_STREAM on stream 0")
def _(connection, transport):
    connection.send(raw(RST_STREAM, 0, 0, number(CANCEL)))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.4", "RST_STREAM of three bytes")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(RST_STREAM, 0, stream, bytes(3)))
    connection_error(connection, FRAME_SIZE_ERROR)


@case("6.10", "a header block in several CONTINUATION frames, an empty one among them")
def _(connection, transport):
    stream = connection.stream()
    block = connection.encoder.encode(transport.upload_fields)
    connection.send(raw(HEADERS, 0, stream, block[:1]))
    for piece in (block[1:5], b"", block[5:9]):
        connection.send(raw(CONTINUATION, 0, stream, piece))
    connection.send(raw(CONTINUATION, END_HEADERS, stream, block[9:]))
    connection.data(stream, transport.body, end=True)
    answered(connection, stream)


@case("6.10", "trailers in CONTINUATION frames")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.data(stream, transport.body)
    block = connection.encoder.encode([("x-checksum", "abcdef")])
    connection.send(raw(HEADERS, END_STREAM, stream, block[:2]) + raw(CONTINUATION, END_HEADERS, stream, block[2:]))
    answered(connection, stream)


@case("6.10", "a frame other than CONTINUATION inside a header block")
def _(connection, transport):
    stream = transport.upload(connection, flags=0)
    connection.data(stream, b"x")
    connection_error(connection, PROTOCOL_ERROR)


@case("6.10", "CONTINUATION on stream 0")
def _(connection, transport):
    transport.upload(connection, flags=0)
    connection.send(raw(CONTINUATION, END_HEADERS, 0, connection.encoder.encode([("x", "y")])))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.10", "CONTINUATION of another stream")
def _(connection, transport):
    transport.upload(connection, flags=0)
    connection.send(raw(CONTINUATION, END_HEADERS, connection.stream(), connection.encoder.encode([("x", "y")])))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.10", "CONTINUATION after HEADERS with END_HEADERS")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(CONTINUATION, END_HEADERS, stream, connection.encoder.encode([("x", "y")])))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.10", "CONTINUATION after CONTINUATION with END_HEADERS")
def _(connection, transport):
    stream = transport.upload(connection, flags=0)
    for name in ("x", "y"):
        connection.send(raw(CONTINUATION, END_HEADERS, stream, connection.encoder.encode([(name, "z")])))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.10", "CONTINUATION after DATA")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.data(stream, b"x")
    connection.send(raw(CONTINUATION, END_HEADERS, stream, connection.encoder.encode([("x", "y")])))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.10", "a header block that never ends")
def _(connection, transport):
    stream = transport.upload(connection, flags=0)
    for _ in range(2_000):
        connection.send(raw(CONTINUATION, 0, stream))
    connection_error(connection, wire.ENHANCE_YOUR_CALM, PROTOCOL_ERROR)


@case("6.6", "PUSH_PROMISE from a client")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(wire.PUSH_PROMISE, END_HEADERS, stream, number(2) + connection.encoder.encode(transport.get_fields)))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.6", "PUSH_PROMISE on stream 0")
def _(connection, transport):
    connection.send(raw(wire.PUSH_PROMISE, END_HEADERS, 0, number(2) + connection.encoder.encode(transport.get_fields)))
    connection_error(connection, PROTOCOL_ERROR)


@case("7", "unknown error codes, which are ignored")
def _(connection, transport):
    connection.send(raw(RST_STREAM, 0, transport.hold(connection), number(0xFF)))
    alive(connection, transport)
    connection.send(raw(wire.GOAWAY, 0, 0, number(0) + number(0xFF)))
    connection.ping()
    while (frame := connection.read()) is not None and not isinstance(frame, frames.PingFrame):
        if isinstance(frame, frames.GoAwayFrame) and frame.error_code:
            raise Violation(f"GOAWAY with {frame.error_code}")
