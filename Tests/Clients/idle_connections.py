"""Holds COUNT connections to each PORT of this machine without sending a byte: idle_connections.py COUNT PORT..."""

import signal
import socket
import sys

held = []
for port in sys.argv[2:]:
    for _ in range(int(sys.argv[1])):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", int(port)))
        held.append(client)
print("open", flush=True)
signal.pause()
