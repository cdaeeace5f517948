"""HTTP semantics in HTTP/2: RFC 9113 §8."""

from . import wire
from .case import alive, answered, case, malformed
from .wire import DATA, END_HEADERS, END_STREAM, HEADERS, Violation, block, raw


def send_raw(connection, fields, end=True):
    """A request with fields that encoders refuse."""
    stream = connection.stream()
    connection.send(raw(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block(fields)))
    return stream


@case("8.1", "a request with a body")
def _(connection, transport):
    answered(connection, transport.request(connection))


@case("8.1", "a request without a body")
def _(connection, transport):
    answered(connection, connection.headers(transport.get_fields, end=True))


@case("8.1", "trailers")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.data(stream, transport.body)
    connection.headers([("x-trailer", "checksum")], stream, end=True)
    answered(connection, stream)


@case("8.1", "a second HEADERS without END_STREAM")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.headers([("x-trailer", "ok")], stream)
    malformed(connection, transport, stream)


@case("8.1", "DATA after trailers")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.data(stream, transport.body)
    connection.headers([("x-trailer", "ok")], stream, end=True)
    connection.data(stream, b"x")
    # The answer may have been sent already: then the stream is closed, otherwise half-closed.
    while (frame := connection.read()) is not None:
        if frame.type in (wire.RST_STREAM, wire.GOAWAY):
            if frame.error_code != wire.STREAM_CLOSED:
                raise Violation(f"ended with {frame.error_code}")
            return
    raise Violation("closed without a word")


@case("8.1.1", "a content-length that is right, in several frames")
def _(connection, transport):
    stream = transport.upload(connection, [("content-length", str(len(transport.body)))])
    connection.data(stream, transport.body[:2])
    connection.data(stream, transport.body[2:], end=True)
    answered(connection, stream)


@case("8.1.1", "a content-length that is not the length of the DATA")
def _(connection, transport):
    stream = transport.upload(connection, [("content-length", "1")])
    connection.data(stream, transport.body, end=True)
    malformed(connection, transport, stream)


@case("8.1.1", "a content-length that is not the length of several DATA frames")
def _(connection, transport):
    stream = transport.upload(connection, [("content-length", str(len(transport.body) + 1))])
    connection.data(stream, transport.body[:2])
    connection.data(stream, transport.body[2:], end=True)
    malformed(connection, transport, stream)


@case("8.1.1", "a content-length without any DATA")
def _(connection, transport):
    stream = transport.upload(connection, [("content-length", "7")], end=True)
    malformed(connection, transport, stream)


for text in ("-1", "abc", "1, 1", "99999999999999999999999"):

    @case("8.1.1", f"a content-length of '{text}'")
    def _(connection, transport, text=text):
        stream = send_raw(connection, [*transport.upload_fields, ("content-length", text)], end=False)
        connection.data(stream, transport.body, end=True)
        malformed(connection, transport, stream)


@case("8.1.1", "two different content-lengths")
def _(connection, transport):
    stream = send_raw(connection, [*transport.upload_fields, ("content-length", "5"), ("content-length", "6")], end=False)
    connection.data(stream, transport.body, end=True)
    malformed(connection, transport, stream)


for what, field in {
    "a field name in capitals": ("X-TEST", "ok"),
    "a field name with a space": ("x test", "ok"),
    "a field name with a control character": ("x\x01", "ok"),
    "a field name with a colon in it": ("x:y", "ok"),
    "an empty field name": ("", "ok"),
    "a field value with a line feed": ("x-test", "one\ntwo"),
    "a field value with a carriage return": ("x-test", "one\rtwo"),
    "a field value with NUL": ("x-test", "one\0two"),
}.items():

    @case("8.2.1", what)
    def _(connection, transport, field=field):
        malformed(connection, transport, send_raw(connection, [*transport.get_fields, field]))


for what, value in {"begins": " ok", "ends": "ok\t"}.items():

    @case("8.2.1", f"a field value that {what} with white space")
    def _(connection, transport, value=value):
        malformed(connection, transport, send_raw(connection, [*transport.get_fields, ("x-test", value)]))


for name, value in [
    ("connection", "keep-alive"),
    ("keep-alive", "timeout=5"),
    ("proxy-connection", "keep-alive"),
    ("transfer-encoding", "chunked"),
    ("upgrade", "h2c"),
]:

    @case("8.2.2", f"the connection-specific field {name}")
    def _(connection, transport, field=(name, value)):
        malformed(connection, transport, send_raw(connection, [*transport.get_fields, field]))


@case("8.2.2", "te with another value than trailers")
def _(connection, transport):
    fields = [field for field in transport.get_fields if field[0] != "te"]
    malformed(connection, transport, send_raw(connection, [*fields, ("te", "trailers, deflate")]))


@case("8.2.2", "te: trailers")
def _(connection, transport):
    fields = [field for field in transport.get_fields if field[0] != "te"]
    answered(connection, connection.headers([*fields, ("te", "trailers")], end=True))


@case("8.2.3", "cookies in several fields")
def _(connection, transport):
    answered(connection, connection.headers([*transport.get_fields, ("cookie", "a=b"), ("cookie", "c=d")], end=True))


@case("8.3", "an unknown pseudo-header field")
def _(connection, transport):
    malformed(connection, transport, send_raw(connection, [*transport.get_fields[:4], (":test", "ok"), *transport.get_fields[4:]]))


@case("8.3", "a pseudo-header field of responses")
def _(connection, transport):
    malformed(connection, transport, send_raw(connection, [*transport.get_fields[:4], (":status", "200"), *transport.get_fields[4:]]))


@case("8.3", "a pseudo-header field in trailers")
def _(connection, transport):
    stream = transport.upload(connection)
    connection.data(stream, transport.body)
    connection.send(raw(HEADERS, END_HEADERS | END_STREAM, stream, block([(":method", "POST")])))
    malformed(connection, transport, stream)


@case("8.3", "a pseudo-header field after a regular one")
def _(connection, transport):
    malformed(connection, transport, send_raw(connection, [*transport.get_fields[:3], ("x-test", "ok"), *transport.get_fields[3:]]))


@case("8.3.1", "an empty :path")
def _(connection, transport):
    fields = [(name, "" if name == ":path" else value) for name, value in transport.get_fields]
    malformed(connection, transport, send_raw(connection, fields))


@case("8.3.1", "a :path that does not begin with a slash")
def _(connection, transport):
    fields = [(name, value.lstrip("/") if name == ":path" else value) for name, value in transport.get_fields]
    malformed(connection, transport, send_raw(connection, fields))


for name in (":method", ":scheme", ":path"):

    @case("8.3.1", f"a request without {name}")
    def _(connection, transport, name=name):
        malformed(connection, transport, send_raw(connection, [field for field in transport.get_fields if field[0] != name]))


for name in (":method", ":scheme", ":path", ":authority"):

    @case("8.3.1", f"a request with two {name}")
    def _(connection, transport, name=name):
        twice = [field for field in transport.get_fields if field[0] == name]
        malformed(connection, transport, send_raw(connection, [*transport.get_fields[:4], *twice, *transport.get_fields[4:]]))


@case("8.3.1", "neither :authority nor host")
def _(connection, transport):
    stream = send_raw(connection, [field for field in transport.get_fields if field[0] != ":authority"])
    # A server may do neither; the connection must stay open.
    alive(connection, transport)
    if (status := connection.judge.status(stream)) not in (None, "200", "400"):
        raise Violation(f"status {status}")


@case("8.3.1", "host in place of :authority")
def _(connection, transport):
    fields = [field for field in transport.get_fields if field[0] != ":authority"]
    answered(connection, connection.headers([*fields, ("host", transport.authority)], end=True))


@case("8.5", "CONNECT with a :path")
def _(connection, transport):
    fields = [(name, "CONNECT" if name == ":method" else value) for name, value in transport.get_fields]
    malformed(connection, transport, send_raw(connection, fields, end=False))


@case("8.4", "a client that refuses pushes gets none")
def _(connection, transport):
    connection.send(raw(wire.SETTINGS, payload=wire.setting(wire.ENABLE_PUSH, 0)))
    alive(connection, transport)


@case("8.6", "a response may come before the request is complete")
def _(connection, transport):
    stream = connection.headers(transport.fields("PUT", "/nothing/here"))
    connection.send(raw(DATA, 0, stream, bytes(100)))
    alive(connection, transport)
    connection.data(stream, b"x", end=True)
    alive(connection, transport)


@case("10.5.1", "a header list beyond SETTINGS_MAX_HEADER_LIST_SIZE")
def _(connection, transport):
    limit = connection.settings.get(wire.MAX_HEADER_LIST_SIZE)
    # A field of 3,000 bytes costs one byte when it is in the table: the list is long, the frame is short.
    stream = connection.headers([*transport.get_fields, *([("x-long", "y" * 3_000)] * (limit // 3_000 + 1))], end=True)
    while (frame := connection.read()) is not None:
        if frame.stream_id == stream and "END_STREAM" in frame.flags:
            break
    status = connection.judge.status(stream)
    trailers = dict(connection.judge.headers[stream][-1])
    if status != "431" and trailers.get("grpc-status") != "8":
        raise Violation(f"status {status}, grpc-status {trailers.get('grpc-status')}")
    alive(connection, transport)
