"""An HTTP server on the loopback that hands out images, and does what servers and people do to them."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Hand(BaseHTTPRequestHandler):
    def do_GET(self):
        """Serve ``/name``; ``/tampered/name`` is wrong in one bit, ``/cut/name`` half of it, ``/hangs/name`` never."""
        deed, _, name = self.path.strip("/").rpartition("/")
        if name not in self.server.files:
            self.send_error(404)
            return
        data = self.server.files[name]
        if deed == "hangs":
            self.server.ended.wait(60)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for part in self._parts(deed, data, len(data) // 2):
            self.wfile.write(part)

    @staticmethod
    def _parts(deed, data, half):
        yield data[:half]
        if deed == "tampered":
            yield bytes([data[half] ^ 1]) + data[half + 1 :]
        elif deed != "cut":
            yield data[half:]

    def do_POST(self):
        """Keep what is sent under its name."""
        self.server.files[self.path.strip("/")] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing: a test that fails shows the guest's console."""


class Shelf(ThreadingHTTPServer):
    """What is in the dict ``files`` is served, until ``end``."""

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), _Hand)
        self.files, self.ended = files, threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def end(self):
        """Close the port, for good."""
        if not self.ended.is_set():
            self.ended.set()
            self.shutdown()
            self.server_close()


@contextmanager
def shelf(files):
    """Serve the dict *files*."""
    server = Shelf(files)
    try:
        yield server
    finally:
        server.end()
