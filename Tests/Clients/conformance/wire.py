"""One HTTP/2 connection, driven frame by frame. Every received frame is checked.

Frames are read with hyperframe and header blocks with hpack: an implementation that shares nothing with the server's libnghttp2.
Sent frames may be wrong in any way.
"""

import socket
import ssl
import struct

import hpack
from hyperframe import frame as frames

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATIENCE_SECONDS = 30
MAXIMUM_FRAME = 16_384
MAXIMUM_WINDOW = 2**31 - 1

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY_FLAG = 0x1, 0x1, 0x4, 0x8, 0x20

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR = range(7)
REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM = range(7, 12)

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = range(1, 7)

CONNECTION_SPECIFIC = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}


class Violation(Exception):
    """The server violated RFC 9113."""


def raw(kind, flags=0, stream=0, payload=b"", length=None):
    """A frame as bytes; `length` replaces the payload's length in the header."""
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value):
    return struct.pack(">I", value)


def setting(identifier, value):
    return struct.pack(">HI", identifier, value)


def literal(name, value):
    """A header field without indexing and without Huffman code: the bytes are not changed."""

    def text(bytes_):
        assert len(bytes_) < 127
        return bytes([len(bytes_)]) + bytes_

    return b"\x00" + text(name) + text(value)


def block(fields):
    """A header block of literals, for fields that encoders refuse."""
    return b"".join(literal(name.encode(), value.encode()) for name, value in fields)


class Connection:
    """A client's connection. `read` checks each frame before a case gets it."""

    def __init__(self, target):
        self.socket = socket.create_connection((target.host, target.port), timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if target.authority:
            context = ssl.create_default_context(cafile=target.authority)
            context.check_hostname = False
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
            if self.socket.selected_alpn_protocol() != "h2":
                raise Violation("ALPN did not choose h2")
        self.decoder = hpack.Decoder()
        self.encoder = hpack.Encoder()
        self.input = b""
        self.was_reset = False
        self.last_stream = -1
        self.judge = Judge()

    def close(self):
        self.socket.close()

    # Sending

    def send(self, bytes_):
        try:
            self.socket.sendall(bytes_)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.was_reset = True

    def handshake(self, settings=b""):
        """Preface and SETTINGS both ways, acknowledged both ways."""
        self.send(PREFACE + raw(SETTINGS, payload=settings))
        acknowledged = greeted = False
        while not (acknowledged and greeted):
            frame = self.read()
            if frame is None:
                raise Violation("the connection ended in the handshake")
            if isinstance(frame, frames.SettingsFrame):
                if "ACK" in frame.flags:
                    acknowledged = True
                else:
                    greeted = True
                    self.settings = frame.settings
                    self.send(raw(SETTINGS, ACK))
        return self

    def stream(self):
        """The identifier of the next stream."""
        self.last_stream += 2
        return self.last_stream

    def headers(self, fields, stream=None, end=False, flags=END_HEADERS, prefix=b"", suffix=b""):
        stream = stream or self.stream()
        payload = prefix + self.encoder.encode(fields) + suffix
        self.send(raw(HEADERS, flags | (END_STREAM if end else 0), stream, payload))
        return stream

    def data(self, stream, payload=b"", end=False):
        self.send(raw(DATA, END_STREAM if end else 0, stream, payload))

    # Receiving

    def read(self):
        """The next frame; None at the end of the connection."""
        while len(self.input) < 9 or len(self.input) < 9 + int.from_bytes(self.input[:3], "big"):
            try:
                more = self.socket.recv(65_536)
            except (ConnectionResetError, ssl.SSLError):
                self.was_reset = True
                return None
            except TimeoutError:
                raise Violation("the server is silent") from None
            if not more:
                return None
            self.input += more
        length = int.from_bytes(self.input[:3], "big")
        if length > MAXIMUM_FRAME:
            raise Violation(f"a frame of {length} bytes")
        frame, _ = frames.Frame.parse_frame_header(memoryview(self.input[:9]), strict=True)
        frame.parse_body(memoryview(self.input[9 : 9 + length]))
        self.input = self.input[9 + length :]
        self.judge.received(frame, self.decoder)
        return frame

    def ping(self, opaque=b"conforms"):
        self.send(raw(PING, payload=opaque))


class Judge:
    """Checks a frame of the server against the RFC, in every case."""

    def __init__(self):
        self.greeted = False
        self.open_block = None
        self.headers = {}
        self.bodies = {}
        self.ended = set()

    def received(self, frame, decoder):
        if not self.greeted and (not isinstance(frame, frames.SettingsFrame) or "ACK" in frame.flags):
            raise Violation(f"the first frame is {type(frame).__name__}, not SETTINGS (3.4)")
        self.greeted = True
        if self.open_block and not isinstance(frame, frames.ContinuationFrame):
            raise Violation("a frame inside the server's header block (4.3)")
        stream = frame.stream_id
        if isinstance(frame, (frames.HeadersFrame, frames.DataFrame)) and stream in self.ended:
            raise Violation(f"a {type(frame).__name__} after END_STREAM (5.1)")
        if isinstance(frame, frames.PushPromiseFrame):
            raise Violation("a pushed stream")
        if isinstance(frame, (frames.HeadersFrame, frames.ContinuationFrame)):
            self.take_block(frame, decoder)
        if isinstance(frame, frames.DataFrame):
            self.bodies[stream] = self.bodies.get(stream, b"") + frame.data
        if "END_STREAM" in frame.flags:
            self.ended.add(stream)
            self.check_length(stream)

    def take_block(self, frame, decoder):
        self.open_block = (self.open_block or b"") + frame.data
        if "END_HEADERS" not in frame.flags:
            return
        fields = decoder.decode(self.open_block)
        self.open_block = None
        blocks = self.headers.setdefault(frame.stream_id, [])
        is_trailer = any(dict(known)[":status"][0] != "1" for known in blocks)
        blocks.append(fields)
        names = [name for name, _ in fields]
        pseudo = [name for name in names if name.startswith(":")]
        if pseudo != ([] if is_trailer else [":status"]) or names[: len(pseudo)] != pseudo:
            raise Violation(f"pseudo-header fields {pseudo} (8.3.2)")
        if any(name != name.lower() or name in CONNECTION_SPECIFIC for name in names):
            raise Violation(f"a field name that HTTP/2 does not allow in {names} (8.2)")

    def check_length(self, stream):
        head = next((dict(block) for block in self.headers.get(stream, []) if dict(block).get(":status", "1")[0] != "1"), {})
        length = head.get("content-length")
        if length is not None and self.bodies.get(stream) is not None and int(length) != len(self.bodies[stream]):
            raise Violation(f"content-length {length} for {len(self.bodies[stream])} bytes (8.1.1)")

    def status(self, stream):
        return next((dict(block)[":status"] for block in self.headers.get(stream, [])), None)
