"""Rows about the transports: what a light call costs, against servers in C."""
import os
import re
import struct
import subprocess

from . import process, protobuf

HEALTH = "/grpc.health.v1.Health/Check"

PROJECTED = 1_000_000


class HTTP2:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        bench.fresh_database()
        self.static, self.nginx = process.free_port(), process.free_port()
        self.server, self.http, self.grpc = self.start_server()
        _, self.one_loop, _ = self.start_server(NIO_SINGLETON_GROUP_LOOP_COUNT="1")
        self.certificate, self.key = self.make_certificate()
        self.layers, self.layers_tls = process.free_port(), process.free_port()
        self.static_tls = process.free_port()
        bare = bench.binary("http2-bench-server")
        bench.start_command("http2-bench-server", [bare, str(self.layers), "1"], self.layers)
        bench.start_command("http2-bench-server-tls", [bare, str(self.layers_tls), "1", self.certificate, self.key], self.layers_tls)
        self.start_nghttpd()
        self.start_nginx()

    def start_server(self, **more):
        """The server with the ports of REST and gRPC. gRPC has one event loop, REST one for each core."""
        http, grpc = process.free_port(), process.free_port()
        server = self.bench.start("orders-server", {
            "DATABASE_URL": self.bench.postgres.url(), "HTTP_PORT": str(http), "GRPC_PORT": str(grpc), "HTTP_HOST": "127.0.0.1",
            "GRPC_HOST": "127.0.0.1", "GRPC_EVENT_LOOPS": "1", **more}, port=grpc)
        self.bench.wait_ready(f"http://127.0.0.1:{http}/readyz")
        return server, http, grpc

    def make_certificate(self):
        certificate, key = (os.path.join(self.bench.work, name) for name in ("bench.crt", "bench.key"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        return certificate, key

    def start_nghttpd(self):
        folder = os.path.join(self.bench.work, "static")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "check"), "wb") as f:
            f.write(b"\0\0\0\0\2\x08\1")
        command = ["nghttpd", "--echo-upload", "-d", folder]
        self.bench.start_command("nghttpd", [*command, "--no-tls", str(self.static)], self.static)
        self.bench.start_command("nghttpd-tls", [*command, str(self.static_tls), self.key, self.certificate], self.static_tls)

    def start_nginx(self):
        path = os.path.join(self.bench.work, "nginx.conf")
        with open(path, "w") as f:
            f.write(f"""daemon off; master_process off; pid {self.bench.work}/nginx.pid; error_log stderr crit;
worker_processes 1; events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000;
    client_body_temp_path {self.bench.work}/t1; proxy_temp_path {self.bench.work}/t2; fastcgi_temp_path {self.bench.work}/t3;
    uwsgi_temp_path {self.bench.work}/t4; scgi_temp_path {self.bench.work}/t5;
    server {{ listen 127.0.0.1:{self.nginx}; location / {{ return 200 "ok\\n"; }} }} }}
""")
        self.bench.start_command("nginx", ["nginx", "-c", path], self.nginx)

    def run(self):
        rounds = self.bench.rounds
        self.health_check(2)
        before = self.server.memory_mb()
        self.report.compare("h2 Health/Check gRPC, one event loop / nghttpd, static file", self.health_check, self.static_file, rounds,
                            "≥ 0.85")
        self.shapes(rounds)
        livez = lambda *options: self.wrk(self.one_loop, "/livez", *options)
        self.report.compare("h1 GET /livez, one event loop / nginx return 200, one worker", livez, self.nginx_ok, rounds, "≥ 0.7")
        self.report.compare("h1 GET /livez, two event loops / the same nginx", self.livez, self.nginx_ok, rounds)
        for name, options in (("one connection", ["-c", "1"]), ("256 connections", ["-c", "256"]),
                              ("a connection for each request", ["-H", "Connection: close"])):
            self.report.compare(f"h1 GET /livez, {name} / nginx", lambda: livez(*options),
                                lambda: self.wrk(self.nginx, "/", *options), rounds)
        self.insert_projection()
        script = os.path.join(self.bench.folder, "sql", "list.sql")
        self.report.compare(f"h1 list orders REST, 10 of {PROJECTED:,} / pgbench of the same query, 16 clients", self.list_orders,
                            lambda: self.bench.postgres.pgbench(script, 16, self.bench.seconds), rounds, "≥ 0.8")
        after = self.server.memory_mb()
        self.report.note("transport memory", f"{before:.0f} MB resident before the rows, {after:.0f} MB after", before_mb=before,
                         after_mb=after)

    def shapes(self, rounds):
        """Other numbers of connections, larger messages, TLS, connections that come and go: nothing may fall off a cliff."""
        compare = lambda name, ours, theirs: self.report.compare(f"h2 {name}", ours, theirs, rounds)
        for connections, streams in ((1, 64), (256, 4)):
            many = {"connections": connections, "streams": streams}
            compare(f"Health/Check, {connections} × {streams} streams / nghttpd, static file",
                    lambda: self.health_check(**many), lambda: self.static_file(**many))
        for size, streams in ((1_000, 64), (64_000, 8)):
            body = self.write("echo", protobuf.message([(1, b"x" * size)]))
            compare(f"gRPC echo of {size:,} bytes / nghttpd echoing the same",
                    lambda: self.call(self.layers, "/bench.Echo/Unary", body, streams=streams),
                    lambda: self.call(self.static, "/echo", body, streams=streams))
        compare("Health/Check over TLS, layers alone / nghttpd, static file over TLS",
                lambda: self.call(self.layers_tls, HEALTH, self.write("check", b""), scheme="https"),
                lambda: self.h2load(self.static_tls, "/check", scheme="https"))
        once = {"connections": 1_000, "streams": 1, "calls": 1_000}
        compare("1,000 connections of one Health/Check / nghttpd, static file",
                lambda: self.health_check(**once), lambda: self.static_file(**once))

    def write(self, name, message):
        """A file with one message behind its length, as gRPC frames it."""
        path = os.path.join(self.bench.work, f"{name}.grpc")
        with open(path, "wb") as f:
            f.write(struct.pack(">BI", 0, len(message)) + message)
        return path

    def health_check(self, seconds=None, **shape):
        return self.call(self.grpc, HEALTH, self.write("check", b""), seconds, **shape)

    def static_file(self, **shape):
        return self.h2load(self.static, "/check", **shape)

    def call(self, port, path, body, seconds=None, **shape):
        return self.h2load(port, path, seconds, "-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers", **shape)

    def h2load(self, port, path, seconds=None, *more, connections=16, streams=64, calls=None, scheme="http"):
        """Calls per second; `calls` is their number, otherwise they go on for the time of one measurement."""
        extent = ["-n", str(calls)] if calls else ["-D", str(seconds or self.bench.seconds)]
        out = subprocess.run(["h2load", "-c", str(connections), "-m", str(streams), *extent, *more,
                              f"{scheme}://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True).stdout
        if int(re.search(r"(\d+) 5xx", out).group(1)) or int(re.search(r"(\d+) failed", out).group(1)):
            raise RuntimeError(f"h2load met failures:\n{out}")
        return float(re.search(r"finished in [^,]+, ([\d.]+) req/s", out).group(1))

    def livez(self):
        return self.wrk(self.http, "/livez")

    def nginx_ok(self):
        return self.wrk(self.nginx, "/")

    def list_orders(self):
        return self.wrk(self.http, "/v1/orders?limit=10")

    def insert_projection(self):
        self.bench.postgres.sql(f"""
            INSERT INTO order_projection (order_id, last_sequence_number, customer_id, vendor_id, product_id, quantity, total_price_cents,
                payment_method, payment_status, shipping_status, created_at, updated_at)
            SELECT gen_random_uuid()::text, 2, 'customer-' || n % 1000, 'vendor-' || n % 100, 'product', 1, 100, 'CREDIT_CARD',
                1 + n % 4, 1 + n % 5, now() - n * interval '1 second', now() FROM generate_series(1, {PROJECTED}) n""")
        self.bench.postgres.sql("VACUUM ANALYZE order_projection")

    def wrk(self, port, path, *options):
        out = subprocess.run(["wrk", "-t", "1", "-c", "64", "-d", str(self.bench.seconds), *options, f"http://127.0.0.1:{port}{path}"],
                             capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in out:
            raise RuntimeError(f"wrk met failures:\n{out}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
