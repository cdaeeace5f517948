"""A proxy that puts a console below a path, as an ingress does: it removes the prefix and passes streams on as they come."""

import contextlib
import http.server
import threading
import urllib.error
import urllib.parse
import urllib.request

CHUNK = 65_536


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def pass_on(self):
        if not self.path.startswith(self.server.prefix + "/"):
            self.send_error(404)
            return
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length) if length else None
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        request = urllib.request.Request(self.server.target + self.path[len(self.server.prefix):], body, headers, method=self.command)
        try:
            answer = urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            answer = error
        with contextlib.suppress(OSError), answer:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.end_headers()
            while chunk := answer.read1(CHUNK):
                self.wfile.write(chunk)

    do_GET = do_POST = pass_on


@contextlib.contextmanager
def behind(target, prefix):
    """The address of the console below the prefix."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.target, server.prefix = target, prefix
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{prefix}"
    server.shutdown()
