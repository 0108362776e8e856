"""JSON-RPC with an OVSDB server (RFC 7047, section 4): one request at a time, never for ever."""

import errno
import os
import time

from ovs.jsonrpc import Connection, Message
from ovs.poller import Poller
from ovs.stream import Stream

from saltext.lab.errors import Refused, Unreachable


class Session:
    """A connection to the OVSDB at *address*, such as ``unix:/run/openvswitch/db.sock`` or ``tcp:10.0.0.1:6640``."""

    def __init__(self, address, timeout):
        """Connect; raises ``Unreachable`` when nobody answers within *timeout* seconds, which holds for answers too."""
        self.address, self.timeout = address, timeout
        error, stream = Stream.open_block(Stream.open(address), timeout * 1000)
        if error:
            raise self._unreachable(os.strerror(error))
        self._connection = Connection(stream)

    def close(self):
        """End the connection."""
        self._connection.error(0)
        self._connection.close()

    def transact(self, *operations, within=None):
        """
        Return the results of *operations*, made in one transaction: all of them or none.

        *within* is how many seconds the answer may take.  Raises ``Refused`` with the
        words of the database, ``Unreachable`` when it does not answer or a ``wait``
        operation has timed out.
        """
        request = Message.create_request("transact", ["Open_vSwitch", *operations])
        reply = self._answer(request, time.monotonic() + (within or self.timeout))
        if reply.error:
            raise Refused(f"OVSDB at {self.address} refused", reply.error)
        for result in reply.result:
            if result and "error" in result:
                raise self._refusal(**result)
        return reply.result

    def _answer(self, request, end):
        error = self._connection.send(request)
        while not error or error == errno.EAGAIN:
            error, message = self._connection.recv()
            if error == errno.EAGAIN:
                self._pause(end)
            elif message and message.method == "echo":  # the server looks whether we are alive
                self._connection.send(Message.create_reply(message.params, message.id))
            elif message and message.id == request.id:
                return message
        raise self._unreachable(os.strerror(error) if error > 0 else "it closed the connection")

    def _pause(self, end):
        """Sleep until the server says something or takes more of what we have to say."""
        left = end - time.monotonic()
        if left <= 0:
            raise self._unreachable("its answer takes too long")
        poller = Poller()
        self._connection.run()
        self._connection.wait(poller)
        self._connection.recv_wait(poller)
        poller.timer_wait(int(left * 1000) + 1)
        poller.block()

    def _refusal(self, error, details="", **_):
        if error == "timed out":
            return Unreachable(f"OVSDB at {self.address} waited in vain", details)
        return Refused(f"OVSDB at {self.address} refused the change", f"{error}: {details}")

    def _unreachable(self, why):
        return Unreachable(f"OVSDB at {self.address} does not answer", why, "is openvswitch-switch up?")
