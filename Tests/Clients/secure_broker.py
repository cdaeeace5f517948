"""A Kafka broker that only authenticates clients: secure_broker.py PASSWORD CERTIFICATE KEY [CLIENT_CA]

It speaks TLS if CERTIFICATE is not '-', demands a client certificate if CLIENT_CA is given, checks PLAIN, SCRAM-SHA-256 and
OAUTHBEARER, and answers metadata without topics. It writes its port, then a line for each proof that a client gave:
"tls", "certificate NAME", "sasl MECHANISM USER ok|wrong", "metadata", "refused REASON".
"""

import base64
import hashlib
import hmac
import json
import socket
import ssl
import struct
import sys
import threading

PASSWORD, CERTIFICATE, KEY = sys.argv[1:4]
CLIENT_CA = sys.argv[4] if len(sys.argv) > 4 else None
API = {0: (0, 7), 3: (0, 4), 17: (0, 1), 18: (0, 3), 22: (0, 1), 36: (0, 1)}
SALT, ITERATIONS = b"salt-of-the-test", 4096
METADATA, HANDSHAKE, VERSIONS, AUTHENTICATE = 3, 17, 18, 36


def say(*words):
    print(*words, flush=True)


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def versions(version):
    entries = [struct.pack(">hhh", key, low, high) + (b"\0" if version >= 3 else b"") for key, (low, high) in API.items()]
    count = bytes([len(entries) + 1]) if version >= 3 else struct.pack(">i", len(entries))
    return struct.pack(">h", 0) + count + b"".join(entries) + (struct.pack(">i", 0) if version else b"") + (b"\0" if version >= 3 else b"")


def metadata(version, port):
    """One broker, no topics."""
    broker = struct.pack(">i", 1) + text("localhost") + struct.pack(">i", port) + (struct.pack(">h", -1) if version >= 1 else b"")
    return ((struct.pack(">i", 0) if version >= 3 else b"") + struct.pack(">i", 1) + broker
            + (text("secure") if version >= 2 else b"") + (struct.pack(">i", 1) if version >= 1 else b"") + struct.pack(">i", 0))


class Authentication:
    """One connection's SASL exchange: takes a client's token, returns the answer and whether the client is authenticated."""

    def __init__(self, mechanism):
        self.mechanism, self.first = mechanism, None

    def take(self, token):
        return {"PLAIN": self.plain, "SCRAM-SHA-256": self.scram, "OAUTHBEARER": self.bearer}[self.mechanism](token)

    def verdict(self, user, is_right):
        say("sasl", self.mechanism, user, "ok" if is_right else "wrong")
        return is_right

    def plain(self, token):
        _, user, password = token.decode().split("\0")
        return b"", self.verdict(user, password == PASSWORD)

    def bearer(self, token):
        jwt = token.decode().split("auth=Bearer ")[1].split("\x01")[0]
        claims = jwt.split(".")[1]
        return b"", self.verdict(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"], True)

    def scram(self, token):
        """RFC 5802: the client proves that it knows the password, and the broker does the same."""
        message = token.decode()
        if self.first is None:
            self.bare = message.split(",", 2)[2]
            fields = dict(field.split("=", 1) for field in self.bare.split(","))
            self.user, nonce = fields["n"], fields["r"] + "server"
            self.first = f"r={nonce},s={base64.b64encode(SALT).decode()},i={ITERATIONS}"
            return self.first.encode(), True
        without_proof, proof = message.rsplit(",p=", 1)
        salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), SALT, ITERATIONS)
        signed = ",".join([self.bare, self.first, without_proof]).encode()
        digest = lambda key, data: hmac.new(key, data, hashlib.sha256).digest()
        client = digest(salted, b"Client Key")
        signature = digest(hashlib.sha256(client).digest(), signed)
        is_right = bytes(a ^ b for a, b in zip(client, signature)) == base64.b64decode(proof)
        server = base64.b64encode(digest(digest(salted, b"Server Key"), signed))
        return b"v=" + server, self.verdict(self.user, is_right)


def read(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def answer(key, version, body, state, port):
    if key == VERSIONS:
        return versions(version)
    if key == HANDSHAKE:
        mechanism = body[2:2 + struct.unpack(">h", body[:2])[0]].decode()
        state["sasl"] = Authentication(mechanism)
        return struct.pack(">hi", 0, 1) + text(mechanism)
    if key == AUTHENTICATE:
        token, is_in = state["sasl"].take(body[4:4 + struct.unpack(">i", body[:4])[0]])
        error = struct.pack(">h", 0) + struct.pack(">h", -1) if is_in else struct.pack(">h", 58) + text("wrong credentials")
        return error + struct.pack(">i", len(token)) + token + (struct.pack(">q", 0) if version >= 1 else b"")
    if key == METADATA:
        say("metadata")
        return metadata(version, port)
    raise EOFError


def serve(connection, context, port):
    state = {}
    try:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
            say("tls")
            certificate = connection.getpeercert() if CLIENT_CA else None
            if certificate:
                say("certificate", dict(pair[0] for pair in certificate["subject"])["commonName"])
        while True:
            request = read(connection, struct.unpack(">i", read(connection, 4))[0])
            key, version, correlation, name = struct.unpack(">hhih", request[:10])
            body = request[10 + max(0, name):]
            reply = struct.pack(">i", correlation) + answer(key, version, body, state, port)
            connection.sendall(struct.pack(">i", len(reply)) + reply)
    except ssl.SSLError as error:
        say("refused", error.reason)
    except (EOFError, OSError):
        pass
    finally:
        connection.close()


def main():
    context = None
    if CERTIFICATE != "-":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE, KEY)
        if CLIENT_CA:
            context.load_verify_locations(CLIENT_CA)
            context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    say("PORT", port)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, context, port), daemon=True).start()


if __name__ == "__main__":
    main()
