"""A Kafka broker in memory that is strict about transactions: python3 Tests/Clients/strict_kafka [--auto-create PARTITIONS] ...

It checks clients as Apache Kafka does: epochs, sequence numbers, the partitions of a transaction, the sizes of batches; and
it gives readers of committed messages no other messages. It writes KAFKA_BOOTSTRAP_SERVERS=... on standard output, then answers the
lines that it reads (see faults.py), and ends with its standard input. It keeps all records for as long as retention.ms says, and it is one broker.
"""

import argparse
import asyncio
import ssl
import sys

from broker import Broker
from distance import Distance
from faults import Control, Faults
from server import Server


def options():
    parser = argparse.ArgumentParser(prog="strict_kafka")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 is any that is free")
    parser.add_argument("--advertised-port", type=int, default=0, help="that clients are told, such as a proxy's; 0 is the real one")
    parser.add_argument("--tls", nargs=3, metavar=("CERTIFICATE", "KEY", "CLIENT_CA"), help="TLS, with certificates of clients")
    parser.add_argument("--password-file", help="SASL PLAIN, with the password that this file has at each connect")
    parser.add_argument("--auto-create", type=int, default=0, metavar="PARTITIONS", help="of topics created on use; 0 creates none")
    parser.add_argument("--completion", type=float, default=0.03, help="seconds from a transaction's decision to its markers")
    parser.add_argument("--propagation", type=float, default=0.03, help="seconds until a new topic can be used")
    parser.add_argument("--group-delay", type=float, default=0.5, help="seconds that a group waits for its first members")
    parser.add_argument("--latency", type=float, default=0, help="seconds of a round trip through the network; no request waits for another's")
    parser.add_argument("--request-time", type=float, default=0, help="seconds that the broker works for a request, one by one on a connection")
    parser.add_argument("--byte-time", type=float, default=0, help="seconds that it works for each byte of a request besides")
    return parser.parse_args()


def tls(certificate, key, client_authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(client_authority)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def main():
    chosen = options()
    broker, faults = Broker(chosen.host, chosen), Faults()
    server = Server(broker, faults, Distance(chosen.latency, chosen.request_time, chosen.byte_time), chosen.password_file)
    control = Control(faults, broker, server.connections)
    security = tls(*chosen.tls) if chosen.tls else None
    listener = await asyncio.start_server(server.serve, chosen.host, chosen.port, limit=1 << 20, ssl=security)
    broker.port = chosen.advertised_port or listener.sockets[0].getsockname()[1]
    expiry = asyncio.create_task(broker.expire())
    print(f"KAFKA_BOOTSTRAP_SERVERS={chosen.host}:{broker.port}", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(control.answer(line), flush=True)
    expiry.cancel()


asyncio.run(main())
