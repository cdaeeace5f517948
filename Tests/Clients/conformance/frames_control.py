"""SETTINGS, PING, GOAWAY, WINDOW_UPDATE and flow control: RFC 9113 §6.5, §6.7 to §6.9."""

from hyperframe import frame as frames

from . import wire
from .case import alive, answered, case, connection_error, pong, stream_error
from .wire import ACK, ENABLE_PUSH, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS
from .wire import MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE, MAXIMUM_WINDOW, PING, PROTOCOL_ERROR, SETTINGS, WINDOW_UPDATE, Violation
from .wire import number, raw, setting


def acknowledged(connection):
    """The server confirms a SETTINGS frame that was sent after the handshake."""
    while (frame := connection.read()) is not None:
        if isinstance(frame, frames.SettingsFrame) and "ACK" in frame.flags:
            return
        if isinstance(frame, frames.GoAwayFrame):
            break
    raise Violation("SETTINGS was not acknowledged")


@case("6.5", "every defined setting")
def _(connection, transport):
    values = [
        (HEADER_TABLE_SIZE, 100), (ENABLE_PUSH, 0), (MAX_CONCURRENT_STREAMS, 0), (INITIAL_WINDOW_SIZE, 65_535),
        (MAX_FRAME_SIZE, 16_384), (MAX_HEADER_LIST_SIZE, 100_000),
    ]
    connection.send(raw(SETTINGS, payload=b"".join(setting(*value) for value in values)))
    connection.decoder.header_table_size = 4_096
    acknowledged(connection)
    alive(connection, transport)


@case("6.5", "SETTINGS with ACK and a payload")
def _(connection, transport):
    connection.send(raw(SETTINGS, ACK, 0, bytes(1)))
    connection_error(connection, FRAME_SIZE_ERROR)


@case("6.5", "SETTINGS on a stream")
def _(connection, transport):
    connection.send(raw(SETTINGS, 0, 1, setting(MAX_CONCURRENT_STREAMS, 10)))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.5", "SETTINGS of three bytes")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=bytes(3)))
    connection_error(connection, FRAME_SIZE_ERROR)


@case("6.5.2", "ENABLE_PUSH of 2")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=setting(ENABLE_PUSH, 2)))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.5.2", "INITIAL_WINDOW_SIZE beyond 2^31-1")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=setting(INITIAL_WINDOW_SIZE, MAXIMUM_WINDOW + 1)))
    connection_error(connection, FLOW_CONTROL_ERROR)


@case("6.5.2", "MAX_FRAME_SIZE below 16,384")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=setting(MAX_FRAME_SIZE, 16_383)))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.5.2", "MAX_FRAME_SIZE beyond 2^24-1")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=setting(MAX_FRAME_SIZE, 2**24)))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.5.2", "a larger MAX_FRAME_SIZE than ours does not make the server's frames wrong")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=setting(MAX_FRAME_SIZE, 2**24 - 1)))
    acknowledged(connection)
    alive(connection, transport)


@case("6.5.3", "the last of several values counts, and SETTINGS is acknowledged")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=setting(INITIAL_WINDOW_SIZE, 100) + setting(INITIAL_WINDOW_SIZE, 1)))
    acknowledged(connection)
    expect_first_data(connection, transport.request(connection), 1)


@case("6.7", "PING, answered with its payload")
def _(connection, transport):
    pong(connection, b"12345678")
    pong(connection, bytes(8))


@case("6.7", "a PING with ACK that nobody asked for, which is ignored")
def _(connection, transport):
    connection.send(raw(PING, ACK, 0, b"unwanted"))
    alive(connection, transport)


@case("6.7", "PING on a stream")
def _(connection, transport):
    connection.send(raw(PING, 0, 1, bytes(8)))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.7", "PING of six bytes")
def _(connection, transport):
    connection.send(raw(PING, payload=bytes(6)))
    connection_error(connection, FRAME_SIZE_ERROR)


@case("6.8", "GOAWAY on a stream")
def _(connection, transport):
    connection.send(raw(GOAWAY, 0, 1, number(0) + number(0)))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.8", "GOAWAY of four bytes")
def _(connection, transport):
    connection.send(raw(GOAWAY, 0, 0, number(0)))
    connection_error(connection, FRAME_SIZE_ERROR)


@case("6.8", "open streams are served after the client's GOAWAY")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(GOAWAY, 0, 0, number(0) + number(0) + b"debug data"))
    connection.data(stream, transport.body, end=True)
    answered(connection, stream)


@case("6.9", "WINDOW_UPDATE of the connection and of a stream")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(WINDOW_UPDATE, 0, 0, number(1_000)) + raw(WINDOW_UPDATE, 0, stream, number(1_000)))
    connection.data(stream, transport.body, end=True)
    answered(connection, stream)


@case("6.9", "a connection window grown by 0")
def _(connection, transport):
    connection.send(raw(WINDOW_UPDATE, 0, 0, number(0)))
    connection_error(connection, PROTOCOL_ERROR)


@case("6.9", "a stream window grown by 0")
def _(connection, transport):
    stream = transport.hold(connection)
    connection.send(raw(WINDOW_UPDATE, 0, stream, number(0)))
    stream_error(connection, transport, stream, PROTOCOL_ERROR)


@case("6.9", "WINDOW_UPDATE of three bytes")
def _(connection, transport):
    connection.send(raw(WINDOW_UPDATE, 0, 0, bytes(3)))
    connection_error(connection, FRAME_SIZE_ERROR)


def expect_first_data(connection, stream, size):
    """The next DATA of a stream has this number of bytes, and no more come before the window grows."""
    while not (isinstance(frame := connection.read(), frames.DataFrame) and frame.stream_id == stream):
        if frame is None or isinstance(frame, (frames.GoAwayFrame, frames.RstStreamFrame)):
            raise Violation("no DATA")
    if len(frame.data) != size:
        raise Violation(f"{len(frame.data)} bytes of DATA in a window of {size}")
    before = len(connection.judge.bodies[stream])
    pong(connection)
    if len(connection.judge.bodies[stream]) != before:
        raise Violation("DATA beyond the window")


@case("6.9.1", "a response waits for the stream's window")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=setting(INITIAL_WINDOW_SIZE, 1)))
    stream = transport.request(connection)
    expect_first_data(connection, stream, 1)
    connection.send(raw(WINDOW_UPDATE, 0, stream, number(1)))
    expect_first_data(connection, stream, 1)
    connection.send(raw(WINDOW_UPDATE, 0, stream, number(10_000)))
    answered(connection, stream)


@case("6.9.1", "a connection window beyond 2^31-1")
def _(connection, transport):
    connection.send(raw(WINDOW_UPDATE, 0, 0, number(MAXIMUM_WINDOW)) * 2)
    connection_error(connection, FLOW_CONTROL_ERROR)


@case("6.9.1", "a stream window beyond 2^31-1")
def _(connection, transport):
    stream = transport.hold(connection)
    connection.send(raw(WINDOW_UPDATE, 0, stream, number(MAXIMUM_WINDOW)) * 2)
    stream_error(connection, transport, stream, FLOW_CONTROL_ERROR)


@case("6.9.2", "a window that is opened by SETTINGS after the request")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=setting(INITIAL_WINDOW_SIZE, 0)))
    stream = transport.request(connection)
    pong(connection)
    connection.send(raw(SETTINGS, payload=setting(INITIAL_WINDOW_SIZE, 1)))
    expect_first_data(connection, stream, 1)


@case("6.9.2", "a window that became negative")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=setting(INITIAL_WINDOW_SIZE, 3)))
    stream = transport.request(connection)
    expect_first_data(connection, stream, 3)
    connection.send(raw(SETTINGS, payload=setting(INITIAL_WINDOW_SIZE, 2)))
    connection.send(raw(WINDOW_UPDATE, 0, stream, number(2)))
    expect_first_data(connection, stream, 1)


@case("6.9.2", "SETTINGS that make a stream's window overflow")
def _(connection, transport):
    stream = transport.hold(connection)
    connection.send(raw(WINDOW_UPDATE, 0, stream, number(MAXIMUM_WINDOW - 70_000)))
    connection.send(raw(SETTINGS, payload=setting(INITIAL_WINDOW_SIZE, MAXIMUM_WINDOW)))
    connection_error(connection, FLOW_CONTROL_ERROR)


@case("6.9.2", "more DATA than the server's window")
def _(connection, transport):
    stream = transport.upload(connection)
    window = connection.settings[INITIAL_WINDOW_SIZE]
    for _ in range(window // wire.MAXIMUM_FRAME + 1):
        connection.data(stream, bytes(wire.MAXIMUM_FRAME))
    while (frame := connection.read()) is not None:
        if isinstance(frame, frames.WindowUpdateFrame):
            return  # The server consumed it and gave the window back in time: nothing was exceeded.
        if isinstance(frame, (frames.RstStreamFrame, frames.GoAwayFrame)):
            if frame.error_code != FLOW_CONTROL_ERROR:
                raise Violation(f"ended with {frame.error_code}")
            return
