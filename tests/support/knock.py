"""Somebody at the door of a master: asks to be let in as any id with any key, as Salt's protocol has it."""

import uuid

import salt.payload
import zmq

VERSION = 3  #: of the protocol; a master of ours refuses those before it
ALGORITHMS = {"enc_algo": "OAEP-SHA1", "sig_algo": "PKCS1v15-SHA1"}


def knock(port, minion, pub, version=VERSION, seconds=15):
    """
    Return the answer of the master at *port* on this machine to somebody who calls himself *minion* and shows *pub*.

    True: his key waits for a decision; False: denied; a dict: let in; text: the request was not even looked at.
    """
    return opened(asked(port, asking(minion, pub, version), seconds))


def asking(minion, pub, version=VERSION):
    """Return the message of somebody who asks to be let in."""
    load = {"cmd": "_auth", "id": minion, "pub": pub, "nonce": uuid.uuid4().hex}
    return {"enc": "clear", "load": load | ALGORITHMS, "version": version}


def opened(answer):
    """Return what is in *answer*, a master's to that message."""
    if not isinstance(answer, dict):
        return answer
    load = answer.get("load", answer)
    load = salt.payload.loads(load) if isinstance(load, bytes) else load
    return load.get("ret", load)


def asked(port, message, seconds=15):
    """Return what the master at *port* on this machine answers to *message*."""
    with zmq.Context() as context, context.socket(zmq.REQ) as door:
        door.setsockopt(zmq.LINGER, 0)
        door.connect(f"tcp://127.0.0.1:{port}")
        door.send(salt.payload.dumps(message))
        if not door.poll(seconds * 1000):
            raise TimeoutError(f"no answer within {seconds} s")
        return salt.payload.loads(door.recv())
