"""Ordinary use by another implementation, the client h2, whose strict state machine refuses every wrong frame."""

import h2.config
import h2.connection
import h2.events
import h2.settings

from .case import case
from .wire import Violation


class Client:
    """h2's state machine on the socket of a connection on which nothing was sent yet."""

    def __init__(self, connection):
        self.socket = connection.socket
        self.machine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.machine.initiate_connection()
        self.bodies = {}
        self.statuses = {}
        self.trailers = {}
        self.ended = set()
        self.terminated = None

    def flush(self):
        if out := self.machine.data_to_send():
            self.socket.sendall(out)

    def request(self, fields, body=None):
        stream = self.machine.get_next_available_stream_id()
        self.machine.send_headers(stream, fields, end_stream=body is None)
        if body is not None:
            self.machine.send_data(stream, body, end_stream=True)
        self.flush()
        return stream

    def run_until(self, done):
        while not done():
            if not (received := self.socket.recv(65_536)):
                raise Violation("closed")
            for event in self.machine.receive_data(received):
                self.handle(event)
            self.flush()

    def handle(self, event):
        if isinstance(event, h2.events.ResponseReceived):
            self.statuses[event.stream_id] = dict(event.headers)[":status"]
        elif isinstance(event, h2.events.TrailersReceived):
            self.trailers[event.stream_id] = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            self.machine.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.ended.add(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            raise Violation(f"stream {event.stream_id} reset with {event.error_code}")
        elif isinstance(event, h2.events.ConnectionTerminated):
            raise Violation(f"GOAWAY with {event.error_code}")


def expect(client, streams):
    client.run_until(lambda: client.ended.issuperset(streams))
    for stream in streams:
        if client.statuses[stream] != "200":
            raise Violation(f"status {client.statuses[stream]}")


@case("9", "one request after the other", handshake=False)
def _(connection, transport):
    client = Client(connection)
    for _ in range(20):
        expect(client, [client.request(transport.upload_fields, transport.body)])


@case("9", "a hundred requests at once", handshake=False)
def _(connection, transport):
    client = Client(connection)
    client.flush()
    client.run_until(lambda: client.machine.remote_settings.max_concurrent_streams < 2**31)
    expect(client, [client.request(transport.upload_fields, transport.body) for _ in range(100)])


@case("9", "small windows", handshake=False)
def _(connection, transport):
    client = Client(connection)
    client.machine.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 3})
    client.flush()
    expect(client, [client.request(transport.upload_fields, transport.body) for _ in range(5)])


@case("9", "requests that are cancelled, among others", handshake=False)
def _(connection, transport):
    client = Client(connection)
    served = []
    for _ in range(20):
        cancelled = client.request(transport.watch_fields)
        served.append(client.request(transport.upload_fields, transport.body))
        client.machine.reset_stream(cancelled, error_code=8)
        client.flush()
    expect(client, served)
