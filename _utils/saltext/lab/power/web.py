"""
Ask a small web server, such as a BMC's or a plug's: bounded, and nothing of a login in what is told of it.

http.client, and not a library on top of it: that follows no redirect, which would take the password elsewhere, and
heeds no proxy.
"""

import base64
import hashlib
import http.client
import json
import socket
import ssl
import threading
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from saltext.lab.errors import Refused, Unreachable

LIMIT = 1 << 20  #: bytes that an answer may have


def quoted(text):
    """Return *text* as a URL has it; a colon stays, which an address may have."""
    return quote(text, safe=":")


def in_json(text):
    """Return *text* as it stands between the quotes of JSON."""
    return json.dumps(text)[1:-1]


@dataclass(frozen=True)
class Login:
    """Who logs in; ``repr`` does not show it."""

    user: str
    password: str

    def __repr__(self):
        return "Login(…)"

    @property
    def basic(self):
        """Return it as HTTP's basic scheme has it."""
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    def hush(self, text):
        """Return *text*, which a peer said, without the password in any form in which it was told that."""
        for secret in (self.basic, self.password, quoted(self.password), in_json(self.password)):
            text = text.replace(secret, "***")
        return text


@dataclass(frozen=True)
class Web:
    """A web server *who*, each request to which takes *timeout* seconds at the most; *certificate* is its SHA-256."""

    who: str
    login: Login | None = None
    certificate: str | None = None
    timeout: float = 10

    def ask(self, url, method="GET", body=None):
        """Return what is answered, as text; raises ``Unreachable`` or ``Refused``."""
        try:
            with closing(self._connection(urlsplit(url))) as conn:
                return self._judged(*self._exchange(conn, _path(url), method, body))
        except ssl.SSLCertVerificationError as err:
            raise Refused(f"{self.who} has a certificate that nobody vouches for", err.verify_message, FIX) from err
        except (OSError, http.client.HTTPException) as err:
            why = self._hush(str(err) or type(err).__name__)
            raise Unreachable(f"{self.who} does not answer", why, "is it on the network?") from None
        except ValueError as err:
            raise Refused(f"{self.who} cannot be asked", self._hush(str(err)), "correct its address") from None

    def _exchange(self, conn, path, method, body):
        conn.connect()
        self._compare(conn)
        with _cut(conn.sock, self.timeout):
            conn.request(method, path, None if body is None else body.encode(), self._headers(body))
            response = conn.getresponse()
            return response, response.read(LIMIT).decode(errors="replace")

    def _judged(self, response, text):
        said = self._hush(f"{response.status} {response.reason} {text[:200]}")
        if response.status in (401, 403):
            raise Refused(f"{self.who} does not let us in", said, "correct user and password in lab:logins")
        if response.status == 503:
            raise Unreachable(f"{self.who} cannot now", said)
        if not 200 <= response.status < 300:
            raise Refused(f"{self.who} refused", said)
        return text

    def _connection(self, url):
        if url.scheme == "http":
            return http.client.HTTPConnection(url.hostname, url.port, timeout=self.timeout)
        context = ssl.create_default_context()
        if self.certificate:  # it is compared with what was stated, before anything is sent
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(url.hostname, url.port, timeout=self.timeout, context=context)

    def _compare(self, conn):
        if not (self.certificate and isinstance(conn.sock, ssl.SSLSocket)):
            return
        shown = hashlib.sha256(conn.sock.getpeercert(binary_form=True) or b"").hexdigest()
        if shown != self.certificate.replace(":", "").lower():
            what = f"{self.who} has another certificate than power:certificate says"
            raise Refused(what, f"its SHA-256 is {shown}", "if it was changed on purpose, state that")

    def _headers(self, body):
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return headers | ({"Authorization": f"Basic {self.login.basic}"} if self.login else {})

    def _hush(self, text):
        return self.login.hush(text) if self.login else text


FIX = "state its SHA-256 as power:certificate; `openssl x509 -noout -fingerprint -sha256` shows it"


def _path(url):
    parts = urlsplit(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


@contextmanager
def _cut(sock, seconds):
    """End what is done with *sock* after *seconds*: a peer that sends a byte now and then would never time out."""
    late = threading.Event()

    def cut():
        late.set()
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if late.is_set():  # what was read is a part
            raise TimeoutError(f"it took longer than {seconds} s")
