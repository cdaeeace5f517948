"""Stream states, identifiers, concurrency, priority: RFC 9113 §5.1 to §5.3."""

from hyperframe import frame as frames

from . import wire
from .case import alive, answered, case, connection_error, pong, stream_error
from .wire import CANCEL, CONTINUATION, DATA, END_HEADERS, HEADERS, PRIORITY, PRIORITY_FLAG, PROTOCOL_ERROR, RST_STREAM
from .wire import REFUSED_STREAM, STREAM_CLOSED, WINDOW_UPDATE, Violation, number, raw

PRIORITY_FIELDS = number(0) + b"\x0f"


@case("5.1", "idle: DATA")
def _(connection, transport):
    connection.data(connection.stream(), b"x", end=True)
    connection_error(connection, PROTOCOL_ERROR)


@case("5.1", "idle: RST_STREAM")
def _(connection, transport):
    connection.send(raw(RST_STREAM, 0, connection.stream(), number(CANCEL)))
    connection_error(connection, PROTOCOL_ERROR)


@case("5.1", "idle: WINDOW_UPDATE")
def _(connection, transport):
    connection.send(raw(WINDOW_UPDATE, 0, connection.stream(), number(100)))
    connection_error(connection, PROTOCOL_ERROR)


@case("5.1", "idle: CONTINUATION")
def _(connection, transport):
    connection.send(raw(CONTINUATION, END_HEADERS, connection.stream(), connection.encoder.encode(transport.get_fields)))
    connection_error(connection, PROTOCOL_ERROR)


@case("5.1", "idle: PRIORITY, which is allowed")
def _(connection, transport):
    connection.send(raw(PRIORITY, 0, 1, PRIORITY_FIELDS))
    alive(connection, transport)


@case("5.1", "half-closed (remote): DATA")
def _(connection, transport):
    stream = transport.hold(connection)
    connection.data(stream, b"x", end=True)
    stream_error(connection, transport, stream, STREAM_CLOSED)


@case("5.1", "half-closed (remote): HEADERS")
def _(connection, transport):
    stream = transport.hold(connection)
    connection.headers(transport.get_fields, stream, end=True)
    stream_error(connection, transport, stream, STREAM_CLOSED)


@case("5.1", "half-closed (remote): CONTINUATION")
def _(connection, transport):
    stream = transport.hold(connection)
    connection.send(raw(CONTINUATION, END_HEADERS, stream, connection.encoder.encode([("x", "y")])))
    # §6.10 demands PROTOCOL_ERROR for a CONTINUATION without a header block, §5.1 STREAM_CLOSED for the state.
    connection_error(connection, PROTOCOL_ERROR, STREAM_CLOSED)


@case("5.1", "half-closed (remote): WINDOW_UPDATE, which is allowed")
def _(connection, transport):
    stream = transport.hold(connection)
    connection.send(raw(WINDOW_UPDATE, 0, stream, number(100)))
    alive(connection, transport)


@case("5.1", "half-closed (remote): PRIORITY, which is allowed")
def _(connection, transport):
    stream = transport.hold(connection)
    connection.send(raw(PRIORITY, 0, stream, PRIORITY_FIELDS))
    alive(connection, transport)


@case("5.1", "half-closed (remote): RST_STREAM, which is allowed")
def _(connection, transport):
    stream = transport.hold(connection)
    connection.send(raw(RST_STREAM, 0, stream, number(CANCEL)))
    alive(connection, transport)


def reset(connection, transport):
    stream = transport.hold(connection)
    connection.send(raw(RST_STREAM, 0, stream, number(CANCEL)))
    return stream


@case("5.1", "closed by the client's RST_STREAM: DATA")
def _(connection, transport):
    stream = reset(connection, transport)
    connection.data(stream, b"x")
    stream_error(connection, transport, stream, STREAM_CLOSED)


@case("5.1", "closed by the client's RST_STREAM: HEADERS")
def _(connection, transport):
    stream = reset(connection, transport)
    connection.headers(transport.get_fields, stream, end=True)
    stream_error(connection, transport, stream, STREAM_CLOSED)


@case("5.1", "closed by the client's RST_STREAM: CONTINUATION")
def _(connection, transport):
    stream = reset(connection, transport)
    connection.send(raw(CONTINUATION, END_HEADERS, stream, b""))
    connection_error(connection, STREAM_CLOSED, PROTOCOL_ERROR)


@case("5.1", "closed by the client's RST_STREAM: frames that may still come")
def _(connection, transport):
    stream = reset(connection, transport)
    connection.send(raw(WINDOW_UPDATE, 0, stream, number(1)))
    connection.send(raw(RST_STREAM, 0, stream, number(CANCEL)))
    connection.send(raw(PRIORITY, 0, stream, PRIORITY_FIELDS))
    alive(connection, transport)


def over(connection, transport):
    stream = transport.request(connection)
    answered(connection, stream)
    return stream


@case("5.1", "closed by END_STREAM: DATA")
def _(connection, transport):
    stream = over(connection, transport)
    connection.data(stream, b"x")
    connection_error(connection, STREAM_CLOSED)


@case("5.1", "closed by END_STREAM: HEADERS")
def _(connection, transport):
    stream = over(connection, transport)
    connection.headers(transport.get_fields, stream, end=True)
    connection_error(connection, STREAM_CLOSED)


@case("5.1", "closed by END_STREAM: CONTINUATION")
def _(connection, transport):
    stream = over(connection, transport)
    connection.send(raw(CONTINUATION, END_HEADERS, stream, b""))
    connection_error(connection, STREAM_CLOSED, PROTOCOL_ERROR)


@case("5.1", "closed by END_STREAM: frames that may still come")
def _(connection, transport):
    stream = over(connection, transport)
    connection.send(raw(WINDOW_UPDATE, 0, stream, number(1)))
    connection.send(raw(RST_STREAM, 0, stream, number(CANCEL)))
    connection.send(raw(PRIORITY, 0, stream, PRIORITY_FIELDS))
    alive(connection, transport)


@case("5.1", "closed by the server's RST_STREAM: frames that crossed it")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(WINDOW_UPDATE, 0, stream, number(0)))
    while not isinstance(frame := connection.read(), frames.RstStreamFrame):
        if frame is None or isinstance(frame, frames.GoAwayFrame):
            return
    connection.data(stream, b"x")
    connection.send(raw(WINDOW_UPDATE, 0, stream, number(1)))
    connection.headers([("x-trailer", "y")], stream, end=True)
    alive(connection, transport)


@case("5.1.1", "an even stream")
def _(connection, transport):
    connection.headers(transport.get_fields, 2, end=True)
    connection_error(connection, PROTOCOL_ERROR)


@case("5.1.1", "a stream smaller than one before")
def _(connection, transport):
    connection.headers(transport.upload_fields, 5)
    connection.headers(transport.upload_fields, 3)
    connection_error(connection, PROTOCOL_ERROR)


@case("5.1.1", "streams that are skipped are closed")
def _(connection, transport):
    connection.headers(transport.upload_fields, 7)
    connection.send(raw(PRIORITY, 0, 5, PRIORITY_FIELDS))
    pong(connection)


@case("5.1.1", "the highest stream of all")
def _(connection, transport):
    connection.last_stream = 0x7FFF_FFFD
    answered(connection, transport.request(connection))
    pong(connection)


@case("5.1.2", "more streams than SETTINGS_MAX_CONCURRENT_STREAMS")
def _(connection, transport):
    limit = connection.settings[wire.MAX_CONCURRENT_STREAMS]
    for _ in range(limit):
        transport.upload(connection)
    stream = transport.upload(connection)
    stream_error(connection, transport, stream, PROTOCOL_ERROR, REFUSED_STREAM)


@case("5.1.2", "streams that ended make room")
def _(connection, transport):
    limit = connection.settings[wire.MAX_CONCURRENT_STREAMS]
    connection.send(raw(WINDOW_UPDATE, 0, 0, number(10_000_000)))
    held = [transport.hold(connection) for _ in range(limit - 1)]
    answered(connection, transport.request(connection))
    for stream in held:
        connection.send(raw(RST_STREAM, 0, stream, number(CANCEL)))
    for _ in range(limit - 1):
        transport.hold(connection)
    alive(connection, transport)


def ignored_or_refused(connection, transport, stream):
    """RFC 7540 §5.3.1 has an error of type PROTOCOL_ERROR; RFC 9113 §5.3.2 lets the deprecated signal be ignored."""
    connection.ping()
    while (frame := connection.read()) is not None and not isinstance(frame, frames.PingFrame):
        if isinstance(frame, (frames.RstStreamFrame, frames.GoAwayFrame)):
            if frame.error_code != PROTOCOL_ERROR:
                raise Violation(f"ended with {frame.error_code}")
            return
    alive(connection, transport)


@case("5.3.1", "HEADERS that depend on their own stream")
def _(connection, transport):
    stream = connection.stream()
    connection.send(raw(HEADERS, END_HEADERS | PRIORITY_FLAG, stream, number(stream) + b"\x0f" + connection.encoder.encode(transport.upload_fields)))
    connection.data(stream, transport.body, end=True)
    ignored_or_refused(connection, transport, stream)


@case("5.3.1", "PRIORITY on its own stream")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(PRIORITY, 0, stream, number(stream) + b"\x0f"))
    ignored_or_refused(connection, transport, stream)


@case("5.3.2", "priorities of every kind")
def _(connection, transport):
    for weight, dependency in [(0, 0), (255, 0), (15, 0x8000_0000), (15, 9)]:
        connection.send(raw(PRIORITY, 0, 21, number(dependency) + bytes([weight])))
    stream = connection.stream()
    block = connection.encoder.encode(transport.upload_fields)
    connection.send(raw(HEADERS, END_HEADERS | PRIORITY_FLAG, stream, number(0x8000_0000) + b"\xff" + block))
    connection.send(raw(DATA, wire.END_STREAM, stream, transport.body))
    answered(connection, stream)
