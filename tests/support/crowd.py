"""
Many light minions in one thread: Salt's protocol as a minion speaks it, and its own classes for what is secret.

Each has a connection of its own for requests and one for what the master publishes.  It knocks until it is let in,
says that it has started, and answers `state.apply`, `file.read`, `saltutil.find_job` and `test.ping`.
"""

import threading
import time
import uuid
from collections import defaultdict, deque

import salt.crypt
import salt.payload
import zmq

from saltext.lab.admit.key import fingerprint
from tests.support.knock import ALGORITHMS, VERSION, asking, opened

PAIRS = 5  #: key pairs that all share; making one takes 0.1 s
KNOCK = 1.0  #: seconds between two knocks, and without an answer until a request is sent again
APPLIED = {"test_|-it_|-it_|-nop": {"__id__": "it", "result": True, "changes": {}, "comment": ""}}


class Light:
    """One of them: a key pair, two connections, and what is on its way."""

    def __init__(self, minion, pair, context, ports):
        self.id, (self.private, self.public) = minion, pair
        self.key = salt.crypt.PrivateKey.from_str(self.private)
        self.token = self.key.encrypt(b"salt")
        self.out: deque = deque()  #: what to ask for once it is let in
        self.asked = self.again = 0.0  #: when it asked last, 0: nothing is on its way; and when it may knock again
        self.session = None
        # No REQ: one that waits for an answer of a master that is gone takes no other request.
        self.requests, self.published = context.socket(zmq.DEALER), context.socket(zmq.SUB)
        self.published.setsockopt(zmq.SUBSCRIBE, b"")
        for connection, port in zip((self.requests, self.published), ports, strict=True):
            connection.setsockopt(zmq.LINGER, 0)
            connection.connect(f"tcp://127.0.0.1:{port}")

    def ask(self, now):
        """Send what is due: a knock, or the first of what waits; again where no answer came."""
        if self.asked and now - self.asked < 5 * KNOCK:
            return
        if self.session is None and now >= self.again:
            self._send(asking(self.id, self.public), now)
        elif self.session is not None and self.out:
            load = self.out[0] | {"id": self.id, "nonce": uuid.uuid4().hex, "ts": int(time.time()), "tok": self.token}
            crypted = {"enc": "aes", "id": self.id, "load": self.session.dumps(load), "version": VERSION}
            self._send(crypted | ALGORITHMS, now)

    def answered(self, now):
        """Take the answer to a request; return the AES key of the master's publications to who was let in just now."""
        answer, self.asked = salt.payload.loads(self.requests.recv_multipart()[-1]), 0.0
        if self.session is not None:
            if answer == "bad load":  # the master was another one
                self.session, self.again = None, now
            else:
                self.out.popleft()
            return None
        found = opened(answer)
        if not isinstance(found, dict):
            self.again = now + KNOCK
            return None
        self.session = salt.crypt.Crypticle({}, self.key.decrypt(found["session"], ALGORITHMS["enc_algo"]).decode())
        return self.key.decrypt(found["aes"], ALGORITHMS["enc_algo"]).decode()

    def _send(self, message, now):
        self.requests.send_multipart([b"", salt.payload.dumps(message)])
        self.asked = now


class Crowd:
    """The minions *ids* of *master*; they begin to knock at once when it is entered."""

    def __init__(self, master, ids, mute=()):
        pairs = [salt.crypt.gen_keys(2048) for _ in range(min(PAIRS, len(ids)))]
        self.pairs = {minion: pairs[number % len(pairs)] for number, minion in enumerate(ids)}
        self.ports = master.opts["ret_port"], master.opts["publish_port"]
        self.applied = defaultdict(list)  #: minion -> the ids of the jobs that had it apply its states
        self.boots = dict.fromkeys(ids, "first")
        self.started = set()
        self.mute = set(mute)  #: minions that do not return for their highstate
        self._ended, self._aes, self._read = threading.Event(), None, (None, None)

    def wishes(self):
        """Return what enrols them all."""
        prints = {pair: fingerprint(pair[1]) for pair in set(self.pairs.values())}
        return [{"id": minion, "fingerprint": prints[pair]} for minion, pair in self.pairs.items()]

    def __enter__(self):
        self._thread = threading.Thread(target=self._live)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join(20)

    def reboot(self, minion, boot):
        """Have *minion* say that it has started, in a boot with the id *boot*."""
        self.boots[minion] = boot
        self.started.discard(minion)

    def _live(self):
        with zmq.Context() as context:
            context.set(zmq.MAX_SOCKETS, 4096)
            lights = [Light(minion, pair, context, self.ports) for minion, pair in self.pairs.items()]
            poller, ends = zmq.Poller(), {}
            for light in lights:
                for connection, work in ((light.requests, self._answered), (light.published, self._published)):
                    poller.register(connection, zmq.POLLIN)
                    ends[connection] = work, light
            while not self._ended.is_set():
                for connection, _ in poller.poll(50):
                    work, light = ends[connection]
                    work(light)
                now = time.monotonic()
                for light in lights:
                    if light.session and light.id not in self.started:
                        self._start(light)
                    light.ask(now)
            for connection in ends:
                connection.close()

    def _answered(self, light):
        if aes := light.answered(time.monotonic()):
            self._aes = self._aes if self._aes and self._aes.key_string == aes else salt.crypt.Crypticle({}, aes)

    def _start(self, light):
        self.started.add(light.id)
        tag = f"salt/minion/{light.id}/start"
        light.out.append({"cmd": "_minion_event", "pretag": None, "tag": tag, "data": "started"})

    def _published(self, light):
        load = self._opened(light.published.recv(), light)
        if light.session and light.id in load.get("tgt", ()):
            returned = self._work(light.id, load)
            if returned is not None:
                told = {"jid": load["jid"], "fun": load["fun"], "fun_args": [], "retcode": 0, "success": True}
                light.out.append({"cmd": "_return", "return": returned, **told})

    def _opened(self, message, light):
        """Return what was published: all get the same, opened once; another key means that the master is another."""
        if self._read[0] != message and self._aes:
            try:
                self._read = message, self._aes.loads(salt.payload.loads(message)["load"])
            except salt.crypt.AuthenticationError:
                self._read = None, {}
                light.session = None
        return self._read[1] or {}

    def _work(self, minion, load):
        if load["fun"] == "state.apply":
            self.applied[minion].append(load["jid"])
            return None if minion in self.mute else APPLIED
        return {"file.read": f"{self.boots[minion]}\n", "saltutil.find_job": {}, "test.ping": True}[load["fun"]]
