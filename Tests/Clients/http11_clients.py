"""Everyday clients of HTTP/1.1 against REST: http11_clients.py HTTP_URL

curl and Python's own client, and sockets that send what no client sends. HTTP1Tests has the cases of the standard.
"""
import http.client
import json
import socket
import subprocess
import sys
import threading
from urllib.parse import urlsplit

URL = sys.argv[1].rstrip("/")
ADDRESS = (urlsplit(URL).hostname, urlsplit(URL).port)
ORDER = {"customer_id": "c", "vendor_id": "v", "product_id": "p", "quantity": 1, "total_price": 9.5, "payment_method": "m"}
BODY = json.dumps(ORDER)
HEADERS = {"Content-Type": "application/json"}
checks = failures = 0


def check(condition, *about):
    global checks, failures
    checks += 1
    if not condition:
        failures += 1
        print("failed:", *about)


def curl(*arguments, data=None):
    """Status, HTTP version, and the number of connections and of interim answers that curl met."""
    command = ["curl", "-sS", "--max-time", "20", "-o", "/dev/null", "-v", "-w", "%{http_code} %{http_version} %{num_connects}\\n", *arguments]
    result = subprocess.run(command, input=data, capture_output=True, text=True, check=False)
    check(result.returncode == 0, command, result.stderr[-500:])
    return result.stdout.split("\n")[:-1], result.stderr


def with_curl():
    place = ["-H", "Content-Type: application/json", f"{URL}/v1/orders"]
    for version in ["--http1.0", "--http1.1", "--http2"]:
        lines, log = curl(version, f"{URL}/livez", "-o", "/dev/null", f"{URL}/livez")
        check([line.split()[0] for line in lines] == ["200", "200"], version, lines)
        wanted = ["1", "1"] if version == "--http1.0" else ["1", "0"]
        check([line.split()[2] for line in lines] == wanted or version == "--http1.0", version, "connections", lines)
    lines, log = curl("-d", BODY, "-H", "Expect: 100-continue", *place)
    check(lines[0].startswith("200") and "100 Continue" in log, "Expect", lines, log)
    lines, log = curl("-d", BODY, "-H", "Expect: 200-ok", *place)
    check(lines[0].startswith("417"), "Expect", lines)
    lines, _ = curl("-T", "-", "-X", "POST", *place, data=BODY)
    check(lines[0].startswith("200"), "chunked upload", lines)
    lines, _ = curl("-d", BODY, "-H", "Transfer-Encoding: gzip, chunked", *place)
    check(lines[0].startswith("501"), "transfer coding", lines)
    lines, _ = curl("-d", "x" * 100_000, *place)
    check(lines[0].startswith("413"), "a large body", lines)
    lines, _ = curl("-I", f"{URL}/v1/orders")
    check(lines[0].startswith("200"), "HEAD", lines)
    lines, _ = curl("-X", "OPTIONS", "--request-target", "*", URL)
    check(lines[0].startswith("204"), "OPTIONS *", lines)
    lines, _ = curl("--proxy", URL, f"{URL}/livez")
    check(lines[0].startswith("200"), "absolute-form", lines)


def with_python():
    client = http.client.HTTPConnection(*ADDRESS, timeout=20)
    client.connect()
    first = client.sock
    for number in range(200):
        client.request("POST", "/v1/orders", iter([BODY[:20].encode(), BODY[20:].encode()]) if number % 2 else BODY, HEADERS,
                       encode_chunked=bool(number % 2))
        response = client.getresponse()
        check(response.status == 200 and json.loads(response.read())["order_id"], number)
    check(client.sock is first, "one connection")
    client.request("GET", "/livez", headers={"Connection": "close"})
    response = client.getresponse()
    check(response.read() == b"ok\n" and response.getheader("Connection") == "close", "close")


def exchange(data, timeout=20):
    """What the server sends until it closes."""
    with socket.create_connection(ADDRESS, timeout=timeout) as peer:
        peer.sendall(data)
        received = b""
        while part := peer.recv(65536):
            received += part
        return received


def with_sockets():
    order = f"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}"
    last = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answers = exchange((order * 50 + last).encode())
    check(answers.count(b"HTTP/1.1 200 OK\r\n") == 51 and answers.endswith(b"ok\n"), "pipeline", answers[-300:])
    check(exchange(b"GET /livez HTTP/1.0\r\n\r\n").endswith(b"ok\n"), "HTTP/1.0")
    refusal = exchange(b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + b"x" * 1_000_000)
    check(refusal.startswith(b"HTTP/1.1 400 ") and b"body: has a chunk" in refusal, "the refusal reaches a client that goes on", refusal[:300])
    cut = order.encode()
    for length in range(0, len(cut), 3):
        with socket.create_connection(ADDRESS) as peer:
            peer.sendall(cut[:length])
    check(exchange(last.encode()).endswith(b"ok\n"), "alive after cut connections")


def dribble(parts, answers):
    answers.append(exchange(parts, timeout=30))


def with_patience():
    """A head and a body that never end are answered."""
    answers = []
    halves = [b"GET /livez HTTP/1.1\r\nHost", b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{"]
    threads = [threading.Thread(target=dribble, args=(half, answers)) for half in halves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(len(answers) == 2 and all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers), "408", answers)


with_curl()
with_python()
with_sockets()
with_patience()
print(f"{checks} checks, {failures} failed")
sys.exit(failures > 0)
