"""The registry of cases, and the outcomes that a case may expect."""

from dataclasses import dataclass
from typing import Callable

from hyperframe import frame as frames

from . import wire
from .wire import Violation

CODES = {getattr(wire, name): name for name in dir(wire) if name.isupper() and ("ERROR" in name or name in ("STREAM_CLOSED", "CANCEL"))}


@dataclass
class Case:
    section: str
    what: str
    run: Callable
    handshake: bool


CASES = []


def case(section, what, handshake=True):
    """Registers a function of (connection, transport) as one case."""

    def register(run):
        CASES.append(Case(section, what, run, handshake))
        return run

    return register


def name(code):
    return CODES.get(code, code)


def connection_error(connection, *codes):
    """GOAWAY with one of the codes, then the end (RFC 9113 §5.4.1).

    A server that closes while our bytes are still under way makes the kernel send a TCP reset, which may overtake the GOAWAY.
    """
    goaway = None
    while (frame := connection.read()) is not None:
        if isinstance(frame, frames.GoAwayFrame):
            goaway = frame
    if goaway is None:
        if not connection.was_reset:
            raise Violation("closed without GOAWAY")
    elif goaway.error_code not in codes:
        raise Violation(f"GOAWAY with {name(goaway.error_code)}, not {' or '.join(map(name, codes))}")


def closed(connection):
    """The end of the connection, with or without GOAWAY."""
    while connection.read() is not None:
        pass


def stream_error(connection, transport, stream, *codes):
    """RST_STREAM with one of the codes on a connection that stays open, or GOAWAY, which §5.4.1 allows as well."""
    while (frame := connection.read()) is not None:
        if isinstance(frame, frames.GoAwayFrame):
            if frame.error_code not in codes:
                raise Violation(f"GOAWAY with {name(frame.error_code)}, not {' or '.join(map(name, codes))}")
            return closed(connection)
        if isinstance(frame, frames.RstStreamFrame) and frame.stream_id == stream:
            if frame.error_code not in codes:
                raise Violation(f"RST_STREAM with {name(frame.error_code)}, not {' or '.join(map(name, codes))}")
            return alive(connection, transport)
    if not connection.was_reset:
        raise Violation("closed without RST_STREAM or GOAWAY")


def malformed(connection, transport, stream):
    """A malformed request: a stream error PROTOCOL_ERROR (§8.1.1), which an answer of status 400 may precede."""
    while (frame := connection.read()) is not None:
        if isinstance(frame, (frames.RstStreamFrame, frames.GoAwayFrame)):
            if frame.error_code != wire.PROTOCOL_ERROR:
                raise Violation(f"ended with {name(frame.error_code)}")
            return alive(connection, transport) if isinstance(frame, frames.RstStreamFrame) else closed(connection)
        if frame.stream_id == stream and (status := connection.judge.status(stream)):
            if status != "400":
                raise Violation(f"answered with {status}")
            if "END_STREAM" in frame.flags:
                return alive(connection, transport)
    raise Violation("closed without an answer")


def answered(connection, stream, status="200"):
    """A complete response."""
    while (frame := connection.read()) is not None:
        if isinstance(frame, frames.GoAwayFrame) and frame.error_code:
            raise Violation(f"GOAWAY with {name(frame.error_code)} {bytes(frame.additional_data)!r}")
        if frame.stream_id != stream:
            continue
        if isinstance(frame, frames.RstStreamFrame):
            raise Violation(f"RST_STREAM with {name(frame.error_code)}")
        if "END_STREAM" in frame.flags:
            if (found := connection.judge.status(stream)) != status:
                raise Violation(f"status {found}, not {status}")
            return connection.judge.bodies.get(stream, b"")
    raise Violation("closed without an answer")


def alive(connection, transport):
    """The connection answers a PING and serves one more stream."""
    pong(connection)
    answered(connection, transport.request(connection))


def pong(connection, opaque=b"conforms"):
    """Everything sent before is processed once the PING is answered."""
    connection.ping(opaque)
    while (frame := connection.read()) is not None:
        if isinstance(frame, frames.PingFrame):
            if "ACK" not in frame.flags or frame.opaque_data != opaque:
                raise Violation("the answer to a PING is not the PING with ACK")
            return
        if isinstance(frame, frames.GoAwayFrame):
            raise Violation(f"GOAWAY with {name(frame.error_code)} {bytes(frame.additional_data)!r}")
    raise Violation("closed instead of answering a PING")
