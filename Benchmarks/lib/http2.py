"""Rows about the transports: what a light call costs, against servers in C."""
import os
import re
import subprocess

from . import process

PROJECTED = 1_000_000


class HTTP2:
    def __init__(self, bench, report):
        self.bench, self.report = bench, report
        bench.fresh_database()
        self.http, self.grpc = process.free_port(), process.free_port()
        self.static, self.nginx = process.free_port(), process.free_port()
        self.server = bench.start("orders-server", {
            "DATABASE_URL": bench.postgres.url(), "HTTP_PORT": str(self.http), "GRPC_PORT": str(self.grpc),
            "HTTP_HOST": "127.0.0.1", "GRPC_HOST": "127.0.0.1", "GRPC_EVENT_LOOPS": "1"}, port=self.grpc)
        bench.wait_ready(f"http://127.0.0.1:{self.http}/readyz")
        self.start_nghttpd()
        self.start_nginx()

    def start_nghttpd(self):
        folder = os.path.join(self.bench.work, "static")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "check"), "wb") as f:
            f.write(b"\0\0\0\0\2\x08\1")
        self.bench.start_command("nghttpd", ["nghttpd", "--no-tls", "-d", folder, str(self.static)], self.static)

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
                            "≥ 0.6 (0.85)")
        self.report.compare("h1 GET /livez / nginx return 200, one worker", self.livez, self.nginx_ok, rounds, "≥ 0.7")
        self.insert_projection()
        script = os.path.join(self.bench.folder, "sql", "list.sql")
        self.report.compare(f"h1 list orders REST, 10 of {PROJECTED:,} / pgbench of the same query, 16 clients", self.list_orders,
                            lambda: self.bench.postgres.pgbench(script, 16, self.bench.seconds), rounds, "≥ 0.8")
        after = self.server.memory_mb()
        self.report.note("transport memory", f"{before:.0f} MB resident before the rows, {after:.0f} MB after", before_mb=before,
                         after_mb=after)

    def health_check(self, seconds=None):
        body = os.path.join(self.bench.work, "check.grpc")
        with open(body, "wb") as f:
            f.write(b"\0\0\0\0\0")
        return self.h2load(self.grpc, "/grpc.health.v1.Health/Check", seconds, "-d", body, "-H", "content-type: application/grpc",
                           "-H", "te: trailers")

    def static_file(self):
        return self.h2load(self.static, "/check")

    def h2load(self, port, path, seconds=None, *more):
        out = subprocess.run(["h2load", "-c", "16", "-m", "64", "-D", str(seconds or self.bench.seconds), *more,
                              f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True).stdout
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
            INSERT INTO order_projection (order_id, version, customer_id, vendor_id, product_id, quantity, total_price_cents,
                payment_method, payment_status, shipping_status, created_at, updated_at)
            SELECT gen_random_uuid()::text, 2, 'customer-' || n % 1000, 'vendor-' || n % 100, 'product', 1, 100, 'CREDIT_CARD',
                1 + n % 4, 1 + n % 5, now() - n * interval '1 second', now() FROM generate_series(1, {PROJECTED}) n""")
        self.bench.postgres.sql("VACUUM ANALYZE order_projection")

    def wrk(self, port, path):
        out = subprocess.run(["wrk", "-t", "1", "-c", "64", "-d", str(self.bench.seconds), f"http://127.0.0.1:{port}{path}"],
                             capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in out:
            raise RuntimeError(f"wrk met failures:\n{out}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
