"""Preface, frame format, sizes, header blocks, errors, extensions: RFC 9113 §3.4, §4, §5.4, §5.5."""

from hyperframe import frame as frames

from .case import alive, answered, case, closed, connection_error, stream_error
from .wire import COMPRESSION_ERROR, CONTINUATION, END_HEADERS, END_STREAM, FRAME_SIZE_ERROR, HEADERS, MAXIMUM_FRAME, PING, PREFACE
from .wire import PRIORITY, PROTOCOL_ERROR, SETTINGS, WINDOW_UPDATE, Violation, number, raw, setting

UNKNOWN = 0xBE


@case("3.4", "the preface, in two pieces", handshake=False)
def _(connection, transport):
    connection.send(PREFACE[:10])
    connection.send(PREFACE[10:] + raw(SETTINGS))
    alive(connection, transport)


@case("3.4", "requests right behind the preface", handshake=False)
def _(connection, transport):
    connection.send(PREFACE + raw(SETTINGS))
    answered(connection, transport.request(connection))


@case("3.4", "the first frame of the server is SETTINGS", handshake=False)
def _(connection, transport):
    connection.send(PREFACE + raw(SETTINGS))
    if not isinstance(connection.read(), frames.SettingsFrame):
        raise Violation("not SETTINGS")


@case("3.4", "a preface that is not one", handshake=False)
def _(connection, transport):
    connection.send(b"INVALID CONNECTION PREFACE\r\n\r\n")
    closed(connection)


@case("3.4", "a request of HTTP/1.1", handshake=False)
def _(connection, transport):
    connection.send(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n")
    closed(connection)


@case("3.4", "a first frame that is not SETTINGS", handshake=False)
def _(connection, transport):
    connection.send(PREFACE + raw(PING, payload=bytes(8)))
    connection_error(connection, PROTOCOL_ERROR)


@case("4.1", "a frame of unknown type, which is ignored")
def _(connection, transport):
    connection.send(raw(UNKNOWN, 0xFF, 0, b"extension"))
    alive(connection, transport)


@case("4.1", "undefined flags, which are ignored")
def _(connection, transport):
    connection.send(raw(PING, 0xFE, 0, b"conforms"))
    while not isinstance(frame := connection.read(), frames.PingFrame):
        if frame is None:
            raise Violation("closed")
    alive(connection, transport)


@case("4.1", "the reserved bit, which is ignored")
def _(connection, transport):
    connection.send(raw(WINDOW_UPDATE, 0, 0x8000_0000, number(1)))
    alive(connection, transport)


@case("4.2", "a DATA frame of 16,384 bytes")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.data(stream, transport.long_body(MAXIMUM_FRAME), end=True)
    answered(connection, stream)


@case("4.2", "DATA beyond SETTINGS_MAX_FRAME_SIZE")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.data(stream, bytes(MAXIMUM_FRAME + 1))
    stream_error(connection, transport, stream, FRAME_SIZE_ERROR)


@case("4.2", "HEADERS beyond SETTINGS_MAX_FRAME_SIZE")
def _(connection, transport):
    connection.headers(transport.upload_fields, suffix=bytes(MAXIMUM_FRAME))
    connection_error(connection, FRAME_SIZE_ERROR)


@case("4.2", "SETTINGS beyond SETTINGS_MAX_FRAME_SIZE")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=setting(0xFF, 1) * (MAXIMUM_FRAME // 6 + 1)))
    connection_error(connection, FRAME_SIZE_ERROR)


@case("4.3", "a header block that is none")
def _(connection, transport):
    connection.send(raw(HEADERS, END_HEADERS | END_STREAM, connection.stream(), b"\x40"))
    connection_error(connection, COMPRESSION_ERROR)


@case("4.3", "a CONTINUATION whose block is none")
def _(connection, transport):
    stream = transport.upload(connection, flags=0)
    connection.send(raw(CONTINUATION, END_HEADERS, stream, b"\x40"))
    connection_error(connection, COMPRESSION_ERROR)


@case("4.3", "PRIORITY inside a header block")
def _(connection, transport):
    stream = transport.upload(connection, flags=0)
    connection.send(raw(PRIORITY, 0, stream, number(0) + b"\x0f"))
    connection_error(connection, PROTOCOL_ERROR)


@case("4.3", "HEADERS of another stream inside a header block")
def _(connection, transport):
    transport.upload(connection, flags=0)
    transport.upload(connection)
    connection_error(connection, PROTOCOL_ERROR)


@case("4.3", "the blocks of refused requests keep the compression state")
def _(connection, transport):
    stream = connection.headers([*transport.get_fields, ("x-table", "entry one"), ("connection", "close")], end=True)
    stream_error(connection, transport, stream, PROTOCOL_ERROR)
    answered(connection, connection.headers([*transport.upload_fields, ("x-table", "entry one")], end=False) and transport.request(connection))


@case("5.4.1", "a connection error names the last stream")
def _(connection, transport):
    stream = transport.hold(connection)
    connection.send(raw(PING, payload=b"1"))
    goaway = None
    while (frame := connection.read()) is not None:
        goaway = frame if isinstance(frame, frames.GoAwayFrame) else goaway
    if goaway and goaway.last_stream_id not in (stream, 0x7FFF_FFFF):
        raise Violation(f"GOAWAY with last stream {goaway.last_stream_id}, not {stream}")
    if goaway and goaway.error_code != FRAME_SIZE_ERROR:
        raise Violation(f"GOAWAY with {goaway.error_code}")


@case("5.4.1", "a connection that goes away with everything open")
def _(connection, transport):
    for _ in range(20):
        transport.hold(connection)
    connection.close()


@case("5.5", "an unknown frame on a stream, which is ignored")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.send(raw(UNKNOWN, 0, stream, b"extension"))
    connection.data(stream, transport.body, end=True)
    answered(connection, stream)


@case("5.5", "an unknown frame inside a header block")
def _(connection, transport):
    stream = transport.upload(connection, flags=0)
    connection.send(raw(UNKNOWN, 0, stream, b"extension"))
    connection_error(connection, PROTOCOL_ERROR)


@case("5.5", "an unknown setting, which is ignored")
def _(connection, transport):
    connection.send(raw(SETTINGS, payload=setting(0xF0, 7)))
    alive(connection, transport)
