"""SASL with the mechanism PLAIN: what a connection may do before its client has shown the password."""

from pathlib import Path

from errors import CODES
from wire import Fields

CALLS = ("SaslHandshake", "SaslAuthenticate")


class Door:
    """Of one connection. The password is read from its file at each try, so that a test can change it."""

    def __init__(self, password_file):
        self.password_file, self.is_open = password_file, password_file is None

    def lets_in(self, call):
        return self.is_open or call == "ApiVersions" or call in CALLS

    def answer(self, call, request):
        if call == "SaslHandshake":
            error = CODES["NONE" if request.mechanism == "PLAIN" else "UNSUPPORTED_SASL_MECHANISM"]
            return Fields(error=error, mechanisms=["PLAIN"])
        _, _, password = request.token.decode().split("\0")
        self.is_open = password == Path(self.password_file).read_text().strip()
        if self.is_open:
            return Fields(error=0, token=b"")
        return Fields(error=CODES["SASL_AUTHENTICATION_FAILED"], message="wrong credentials", token=b"")
