"""Makes schemathesis speak HTTP/2 with prior knowledge instead of HTTP/1.1: SCHEMATHESIS_HOOKS=Tests.Clients.schemathesis_http2

Its requests library knows HTTP/1.1 only; here each request goes over h2, one connection for each thread. h2 also refuses every wrong
frame of the answer.
"""

import io
import socket
import threading
import urllib.parse

import h2.config
import h2.connection
import h2.events
import requests
import urllib3

CONNECTION_SPECIFIC = {"connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
SECONDS = 60
CANCEL = 8


class Connection:
    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=SECONDS)
        self.machine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self.machine.initiate_connection()
        self.is_over = False

    def exchange(self, fields, body):
        """The fields and the body of the answer."""
        stream = self.machine.get_next_available_stream_id()
        self.machine.send_headers(stream, fields, end_stream=not body)
        head, received, ended, enough = [], b"", False, False
        while not ended:
            body = self.send_what_fits(stream, body)
            for event in self.machine.receive_data(self.receive()):
                if getattr(event, "stream_id", stream) not in (stream, None):
                    continue
                if isinstance(event, h2.events.ResponseReceived):
                    head = event.headers
                elif isinstance(event, h2.events.DataReceived):
                    received += event.data
                    self.machine.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    # Such a stream need not end, and only its beginning is checked.
                    enough = dict(head).get(b"content-type", b"").startswith(b"text/event-stream")
                elif isinstance(event, h2.events.StreamEnded):
                    ended = True
                elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                    self.is_over = True
                    raise requests.exceptions.ConnectionError(f"{type(event).__name__} with {event.error_code}")
            if enough and not ended:
                self.machine.reset_stream(stream, error_code=CANCEL)
                ended = True
        self.socket.sendall(self.machine.data_to_send())
        return head, received

    def send_what_fits(self, stream, body):
        while body and (room := min(self.machine.local_flow_control_window(stream), self.machine.max_outbound_frame_size)):
            self.machine.send_data(stream, body[:room], end_stream=len(body) <= room)
            body = body[room:]
        self.socket.sendall(self.machine.data_to_send())
        return body

    def receive(self):
        if not (received := self.socket.recv(65_536)):
            self.is_over = True
            raise requests.exceptions.ConnectionError("closed")
        return received


connections = threading.local()


def connection(host, port):
    known = getattr(connections, "known", None)
    if known is None or known.is_over:
        connections.known = known = Connection(host, port)
    return known


def text(value):
    return value if isinstance(value, bytes) else value.encode("latin-1")


def send(self, request, **_):
    """Replaces requests.adapters.HTTPAdapter.send."""
    url = urllib.parse.urlsplit(request.url)
    body = text(request.body) if isinstance(request.body, (str, bytes)) else b"".join(map(text, request.body or ()))
    fields = [(":method", request.method), (":scheme", url.scheme), (":path", request.path_url), (":authority", url.netloc)]
    fields += [(text(name).lower(), text(value)) for name, value in request.headers.items() if name.lower() not in CONNECTION_SPECIFIC]
    head, received = connection(url.hostname, url.port).exchange(fields, body)
    headers = urllib3.HTTPHeaderDict((name.decode(), value.decode("latin-1")) for name, value in head if not name.startswith(b":"))
    raw = urllib3.HTTPResponse(
        io.BytesIO(received), headers, int(dict(head)[b":status"]), version=20, preload_content=False, request_method=request.method
    )
    return self.build_response(request, raw)


requests.adapters.HTTPAdapter.send = send
