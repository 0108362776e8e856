"""
Many light minions in one thread: Salt's protocol as a minion speaks it, and its own classes for what is secret.

Each has a connection of its own for requests and one for what the master publishes.  It knocks until it is let in,
says that it has started, and answers `state.apply`, `file.read` and `saltutil.find_job`.
"""

import contextlib
import threading
import time
import uuid
from collections import defaultdict, deque

import salt.crypt
import salt.payload
import zmq
from salt.exceptions import AuthenticationError, SaltClientError

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
        self.session, self.missed = None, None  #: what it could not read was for those who know the new master
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
            self.nonce = uuid.uuid4().hex
            load = self.out[0] | {"id": self.id, "nonce": self.nonce, "ts": int(time.time()), "tok": self.token}
            crypted = {"enc": "aes", "id": self.id, "load": self.session.dumps(load), "version": VERSION}
            self._send(crypted | ALGORITHMS, now)

    def answered(self, now):
        """Take the answer to a request; return the AES key of the master's publications to who was let in just now."""
        answer = salt.payload.loads(self.requests.recv_multipart()[-1])
        if self.session is not None:
            self._heard(answer, now)
            return None
        self.asked = 0.0
        found = opened(answer)
        if not isinstance(found, dict):
            self.again = now + KNOCK
            return None
        self.session = salt.crypt.Crypticle({}, self.key.decrypt(found["session"], ALGORITHMS["enc_algo"]).decode())
        return self.key.decrypt(found["aes"], ALGORITHMS["enc_algo"]).decode()

    def _heard(self, answer, now):
        """Take the answer to what was asked last; one to an earlier request comes late, and is nothing any more."""
        if answer == "bad load":  # the master is another one
            self.session, self.again, self.asked = None, now, 0.0
        elif isinstance(answer, bytes) and self.out:
            with contextlib.suppress(SaltClientError, AuthenticationError):
                self.session.loads(answer, nonce=self.nonce)
                self.out.popleft()
                self.asked = 0.0

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
        self._ended, self._aes, self._read = threading.Event(), None, {}

    def wishes(self):
        """Return what enrols them all."""
        prints = {pair: fingerprint(pair[1]) for pair in set(self.pairs.values())}
        return [{"id": minion, "fingerprint": prints[pair]} for minion, pair in self.pairs.items()]

    def __enter__(self):
        self._context = zmq.Context()
        self._context.set(zmq.MAX_SOCKETS, 4096)
        self._lights = [Light(minion, pair, self._context, self.ports) for minion, pair in self.pairs.items()]
        self._thread = threading.Thread(target=self._live)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join(20)
        self._context.destroy()

    def reboot(self, minion, boot):
        """Have *minion* say that it has started, in a boot with the id *boot*."""
        self.boots[minion] = boot
        self.started.discard(minion)

    def _live(self):
        poller, ends = zmq.Poller(), {}
        for light in self._lights:
            for connection, work in ((light.requests, self._answered), (light.published, self._published)):
                poller.register(connection, zmq.POLLIN)
                ends[connection] = work, light
        while not self._ended.is_set():
            for connection, _ in poller.poll(50):
                work, light = ends[connection]
                work(light)
            for light in self._lights:
                if light.session and light.id not in self.started:
                    self._start(light)
                light.ask(time.monotonic())

    def _answered(self, light):
        if aes := light.answered(time.monotonic()):
            self._aes = self._aes if self._aes and self._aes.key_string == aes else salt.crypt.Crypticle({}, aes)
            missed, light.missed = light.missed, None
            if missed:
                self._heard(light, missed)

    def _start(self, light):
        self.started.add(light.id)
        tag = f"salt/minion/{light.id}/start"
        light.out.append({"cmd": "_minion_event", "pretag": None, "tag": tag, "data": "started"})

    def _published(self, light):
        self._heard(light, light.published.recv())

    def _heard(self, light, message):
        load = self._opened(message)
        if load is None:  # the master is another one
            light.session, light.missed = None, message
        elif light.session and light.id in load.get("tgt", ()):
            returned = self._work(light, load)
            if returned is not None:
                told = {"jid": load["jid"], "fun": load["fun"], "fun_args": [], "retcode": 0, "success": True}
                light.out.append({"cmd": "_return", "return": returned, **told})

    def _opened(self, message):
        """Return what was published, or None with another master's key: all get the same, and it is opened once."""
        if self._aes and (message, self._aes) not in self._read:
            try:
                self._read[message, self._aes] = self._aes.loads(salt.payload.loads(message)["load"])
            except AuthenticationError:
                self._read[message, self._aes] = None
        return self._read[message, self._aes] if self._aes else {}

    def _work(self, light, load):
        """Return what *light* returns, None for nothing; what was done is told until the master has heard it."""
        if load["fun"] == "state.apply":
            self.applied[light.id].append(load["jid"])
            return None if light.id in self.mute else APPLIED
        at_it = {"jid": load["arg"][0]} if any(one.get("jid") == load["arg"][0] for one in light.out) else {}
        return {"file.read": f"{self.boots[light.id]}\n", "saltutil.find_job": at_it}[load["fun"]]
