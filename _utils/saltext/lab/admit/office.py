"""The parts of admission, made from the configuration of a master."""

from functools import partial

from saltext.lab.admit import bus
from saltext.lab.admit.audit import AUDIT
from saltext.lab.admit.desk import Desk
from saltext.lab.admit.digest import digests
from saltext.lab.admit.keystore import KeyStore
from saltext.lab.admit.store import DIRECTORY, Store
from saltext.lab.admit.welcome import Welcome
from saltext.lab.answer import lab_of
from saltext.lab.boot.fleet import Fleet
from saltext.lab.spec.compile import compile


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
    lab = lab_of(opts)
    parts, serves = compile(lab), opts["lab"]["serves"]
    mine = {one: part for one, part in parts.items() if part["minion"]["of"] in serves}
    return digests({one: mine.get(one) for one in minions if one not in lab.hosts}, opts["file_roots"]["base"])
