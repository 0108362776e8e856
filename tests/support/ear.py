"""Somebody who was let in and keeps what he was told then, whatever becomes of him: he listens on, and asks on."""

import time
import uuid

import salt.crypt
import salt.payload
import zmq

from tests.support.knock import ALGORITHMS, VERSION, asked


class Ear:
    """The minion *minion* of *master* with the key pair *identity*, which is accepted when he comes."""

    def __init__(self, master, minion, identity):
        self.master, self.minion = master, minion
        key, told = salt.crypt.PrivateKey.from_str(identity.private), master.knock(minion, identity.public)
        self.published, self.session = (self._crypticle(key, told[secret]) for secret in ("aes", "session"))
        self.token = key.encrypt(b"salt")

    def __enter__(self):
        self._context = zmq.Context()
        self._wire = self._context.socket(zmq.SUB)
        self._wire.setsockopt(zmq.LINGER, 0)
        self._wire.setsockopt(zmq.SUBSCRIBE, b"")
        self._wire.connect(f"tcp://127.0.0.1:{self.master.opts['publish_port']}")
        return self

    def __exit__(self, *_):
        self._wire.close()
        self._context.term()

    def reads(self, publish):
        """Return whether the first thing that the master publishes during ``publish()`` can be read."""
        while self._wire.poll(0):
            self._wire.recv()
        publish()
        assert self._wire.poll(20_000), "nothing was published"
        try:
            return "fun" in self.published.loads(salt.payload.loads(self._wire.recv())["load"])
        except salt.crypt.AuthenticationError:
            return False

    def asks_for_its_pillar(self):
        """Return the master's answer to the request for the pillar: a dict, or ``bad load``."""
        load = {"cmd": "_pillar", "id": self.minion, "grains": {}, "saltenv": "base", "ver": "2", "tok": self.token}
        load |= {"nonce": uuid.uuid4().hex, "ts": int(time.time())}
        crypted = {"enc": "aes", "id": self.minion, "load": self.session.dumps(load), "version": VERSION}
        return asked(self.master.opts["ret_port"], crypted | ALGORITHMS)

    @staticmethod
    def _crypticle(key, secret):
        return salt.crypt.Crypticle({}, key.decrypt(secret, ALGORITHMS["enc_algo"]).decode())
