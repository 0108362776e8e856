"""Reach the minions of this master, and the other master through the minion beside it."""

import salt.client

from saltext.lab.boot import returns
from saltext.lab.errors import Unreachable


class Fleet:
    """All machines that answer to the master whose configuration is *opts*."""

    def __init__(self, opts):
        self.opts = opts

    def call(self, minion, fun, *args, timeout=60, **kwargs):
        """
        Return what execution function *fun* returned on *minion*.

        *timeout* is in seconds without a sign of life.  Raises ``Unreachable`` or ``Refused``.
        """
        with salt.client.LocalClient(mopts=self.opts) as client:
            answer = client.cmd(minion, fun, args, timeout, "list", full_return=True, kwarg=kwargs)
        return returns.value(minion, fun, answer.get(minion))

    def runner(self, minion, fun, *args, timeout=120, **kwargs):
        """Return what runner *fun* returned on the master beside *minion*."""
        ret = self.call(minion, "saltutil.runner", fun, arg=list(args), kwarg=kwargs, full_return=True, timeout=timeout)
        return returns.runner(minion, fun, ret)

    def apply(self, minion, *, test=False, timeout=300):
        """Return ``Applied``: what applying its states did on *minion*."""
        return returns.applied(self.call(minion, "state.apply", test=test, timeout=timeout))

    def ping(self, minion, timeout=3):
        """Return whether *minion* answers."""
        try:
            return self.call(minion, "test.ping", timeout=timeout) is True
        except Unreachable:
            return False
