"""A smart plug with an HTTP server in it, to which real machines are plugged."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.support.bmc import HERE, PASSWORD, USER

#: What a spec says of it, but for its address.
CALLS = {
    "turn_on": {"url": "http://{address}/relay/{outlet}?turn=on&user={user}&password={password}"},
    "turn_off": {
        "url": "http://{address}/relay/{outlet}",
        "method": "POST",
        "body": '{"turn": "off", "user": "{user}", "password": "{password}"}',
    },
    "status": {
        "url": "http://{address}/relay/{outlet}?user={user}&password={password}",
        "when_on": '"ison": ?true',
        "when_off": '"ison": ?false',
    },
    "outlet": 0,
}


class Plug:
    """A plug whose outlet is switched by ``switch(bool)``; one that *lies* does nothing, a *slow* one never ends."""

    def __init__(self, switch, is_on, lies=False, slow=False):
        self.switch, self.is_on, self.lies, self.slow = switch, is_on, lies, slow
        self.orders, self.ended = [], threading.Event()

    def answer(self, path, asked):
        """Return status and text of the answer to a request; it says back what it does not like, as some do."""
        if (asked.get("user"), asked.get("password")) != (USER, PASSWORD):
            return 401, f"no such login: {asked}"
        if path != "/relay/0":
            return 404, f"nothing is at {path} for {asked}"
        if order := asked.get("turn"):
            self.orders.append(order)
            if not self.lies:
                self.switch(order == "on")
        return 200, json.dumps({"ison": self.is_on()})


@contextmanager
def plugged(plug):
    """Have *plug* answer; yield the settings of a driver for it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            self._say(parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()})

        def do_POST(self):
            self._say(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _say(self, path, asked):
            status, text = plug.answer(path, asked)
            self.send_response(status)
            self.end_headers()
            while plug.slow and not plug.ended.wait(0.1):
                self.wfile.write(b" ")
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer((HERE, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"{HERE}:{server.server_port}"
            yield {"driver": "http", "address": address, "user": USER, "password": PASSWORD, "pause": 0} | CALLS
        finally:
            plug.ended.set()
            server.shutdown()
            thread.join()
