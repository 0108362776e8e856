"""The parts of admission, made from the configuration of a master."""

from functools import partial

from saltext.lab import served
from saltext.lab.admit import bus
from saltext.lab.admit.audit import AUDIT
from saltext.lab.admit.desk import Desk
from saltext.lab.admit.digest import digests
from saltext.lab.admit.keystore import KeyStore
from saltext.lab.admit.store import DIRECTORY, Store
from saltext.lab.admit.welcome import Welcome
from saltext.lab.boot.fleet import Fleet


def store(opts):
    """Return the ``Store`` of records."""
    return Store(opts["lab"].get("records", DIRECTORY))


def desk(opts):
    """Return the ``Desk``."""
    return Desk(store(opts), KeyStore(opts), opts["lab"].get("audit", AUDIT), partial(bus.tell, opts))


def welcome(opts):
    """Return the ``Welcome``."""
    return Welcome(store(opts), Fleet(opts), partial(_digests, opts), partial(bus.tell, opts))


def _digests(opts, minions):
    """Return ``{minion: digest}`` of those that get a highstate here: a host gets its own from ``lab.bootstrap``."""
    parts = served.many(opts, minions)
    mine = {one: part for one, part in parts.items() if not (part and part["minion"]["of"] == "physical")}
    return digests(mine, opts["file_roots"]["base"])
