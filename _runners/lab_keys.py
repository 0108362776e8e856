"""Who may join the lab, from its masters."""

import time

from saltext.lab.admit import history, office, reception
from saltext.lab.admit import revoke as revocation
from saltext.lab.admit.bus import Bus
from saltext.lab.admit.entrance import Entrance
from saltext.lab.admit.keyring import Keyring
from saltext.lab.admit.keys import classify
from saltext.lab.admit.knock import knocks
from saltext.lab.admit.store import DIRECTORY
from saltext.lab.admit.windows import Windows
from saltext.lab.answer import DONE, FAILURE, answers, lab_of
from saltext.lab.boot import remove as removal
from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.masters import Masters
from saltext.lab.boot.told import told
from saltext.lab.errors import BadWish
from saltext.lab.schema import nearest
from saltext.lab.spec import entrants, facts

__virtualname__ = "lab"


def __virtual__():
    return __virtualname__  # Salt adds the functions of this file to those of lab.py


@answers
def keys():
    """
    Return ``keys``, by master what each key and each enrolment is good for: who may join, who waits, what is stale.

    Each has ``kind`` (accepted, enrolled, pending, denied or stale), ``id``, ``fingerprint``, ``since``, ``host`` and
    ``why``.  The physical master shows those of the virtual one too; where that cannot be asked it exits with 1.

    CLI Example:

    .. code-block:: bash

        salt-run lab.keys
    """
    lab = lab_of(__opts__)
    expected = facts.minions(lab, __opts__["lab"]["serves"])

    def own():
        rows = classify(expected, office.store(__opts__).all(), Keyring(__opts__).keys(), time.time())
        return [row._asdict() for row in rows]

    return _heard(_masters(lab).ask("keys", own))


@answers
def revoke(minion, force=False, source="lab.revoke"):
    """
    Take from *minion* its keys of every status, its enrolment and what Salt's cache knows of it; return what went.

    *minion* is one id or a list, each taken literally, ``*`` too.  From then on it gets no job and no pillar: the
    master takes a new AES key.  The masters' own minions are refused unless *force* is true.  Where nothing is, nothing
    is done; asked for on the physical master, it is done on the virtual one too.

    CLI Example:

    .. code-block:: bash

        salt-run lab.revoke web1
    """
    return _heard(_revoked(lab_of(__opts__), minion, source, force))


@answers
def remove(vm, disks=False):
    """
    Take away what is left of *vm*, which is not in the spec any more: domain, key pair, key and enrolment.

    Its volumes stay unless *disks* is true.  Refused while the spec has it.  Exits with 1 where a hypervisor or the
    virtual master did not answer; call it again then.

    CLI Example:

    .. code-block:: bash

        salt-run lab.remove web4
    """
    lab = lab_of(__opts__)
    _masters(lab).refuse_without_hosts(f"lab.remove {vm}")
    removed, silent = removal.remove(lab, Fleet(__opts__), vm, disks)
    revoked = _revoked(lab, vm, "lab.remove")
    return _heard({"removed": removed, **revoked, "silent": silent | revoked["silent"]})


@answers
def audit(minion=None, act=None, since=None, last=100):
    """
    Return ``audit``, by master the *last* decisions on keys, newest last: when, on which id, what was done, and why.

    Only those on the id *minion*, that did *act* (accept, reject, leave, revoke, …), and *since* an age such as ``2h``
    or a date and time.  What was rotated away is read too.

    CLI Example:

    .. code-block:: bash

        salt-run lab.audit act=reject since=2d
    """
    begin = history.moment(since, time.time()) if since is not None else 0.0

    def own():
        return history.read(_desk().audit.path, minion, act, begin)[-last:]

    return _heard(_masters(lab_of(__opts__)).ask("audit", own, minion, act, since, last))


@answers
def enroll(host, minutes=15, confirm=None, close=False, uuid=None, wait=0, unseen=False):  # noqa: PLR0913, PLR0917
    """
    Open a window for *minutes* in which a person may let a physical machine in as *host*, and return who knocks.

    For a host whose key no power driver can tell; ``lab.expect`` is for who knows the key already.  Nothing gets in by
    the window alone: *confirm* is the fingerprint that the person has seen on the machine's console.  It is admitted,
    once, if that very key waits, and if the machine's MAC and SMBIOS UUID are those of the spec; *uuid* pins one where
    the spec has none.  What differs is refused.  What could not be seen, as of a machine that boots from its disk, is
    refused unless *unseen* is true.  *wait* has it wait for a key for so many seconds; *close* closes the window.

    The answer is ``window``: ``host``, ``until`` (seconds since 1970), ``key`` (the fingerprint that waits, or None),
    ``checks`` (``what``, ``expected``, ``told``, ``state``), ``machine`` (what it says it is), ``why`` it says nothing,
    and ``next``, the command to give.

    CLI Example:

    .. code-block:: bash

        salt-run lab.enroll hv3 wait=300
        salt-run lab.enroll hv3 confirm=9f86d081…
    """
    entrance = _entrance(host)
    if close:
        return {"said": f"the window of {host} {'is closed' if entrance.close(host) else 'was not open'}"}
    if confirm is not None:
        admitted = entrance.confirm(host, confirm, unseen)
        return {"said": f"{host} is admitted{'' if admitted else ' when it knocks next'}"}
    window = entrance.open(host, minutes, uuid)
    next((knock for knock in knocks(__opts__, host, wait) if entrance.key(host)), None)
    shown = entrance.shown(window)
    return {"window": shown, "said": shown["next"]}


@answers
def expect(wishes):
    """
    Expect the machines *wishes*, a list of ``{id, fingerprint, uuid?, host?}``: their keys will be accepted, once.

    CLI Example:

    .. code-block:: bash

        salt-run lab.expect '[{id: hv3, fingerprint: 9f86d081…}]'
    """
    return {"enrolled": _desk().enrol(wishes)}


@answers
def admit(minion):
    """
    Look at the pending key of *minion* and accept it if it is the one that was enrolled.

    CLI Example:

    .. code-block:: bash

        salt-run lab.admit web1
    """
    return _desk().admit(minion)._asdict()


@answers
def welcome(minion, again=False):
    """
    Give *minion* the first highstate of its boot, or one more with *again*.

    CLI Example:

    .. code-block:: bash

        salt-run lab.welcome web1 again=true
    """
    if office.store(__opts__).get(minion) is None:
        return {"said": "not a machine that was enrolled here"}
    if minion in lab_of(__opts__).hosts:  # where one master has both kinds, its hosts come here too
        return {"said": "a host, which lab.bootstrap brings to what it shall be"}
    with Bus(__opts__) as bus:
        welcome = office.welcome(__opts__)
        welcome.take([minion], again)
        reception.see_through(bus, welcome)
    outcome = welcome.ended.get(minion)
    return {"highstate": outcome and outcome.model_dump(mode="json")}


def _revoked(lab, minion, source, force=False):
    ids = revocation.checked(minion, () if force else dict(lab.masters).values())

    def own():
        return revocation.revoke(_desk(), Keyring(__opts__), ids, source)

    return _masters(lab).ask("revoke", own, ids, force, source)


def _heard(answer):
    return answer | {"retcode": FAILURE if answer["silent"] else DONE}


def _masters(lab):
    return Masters(lab, Fleet(__opts__), __opts__["lab"]["serves"])


def _desk():
    return office.desk(__opts__)


def _entrance(host):
    lab, fleet, serves = lab_of(__opts__), Fleet(__opts__), __opts__["lab"]["serves"]
    known = entrants.of(lab)
    if host not in known:
        raise BadWish(f"there is no host {host} in lab {lab.name}{nearest(host, known)}")
    if (of := known[host].of) not in serves:
        whose = {"physical": "hosts", "virtual": "VMs"}[of]
        raise BadWish(f"{host} is let in by the master of the {whose}", "", f"on {dict(lab.masters)[of]}")
    windows = Windows(__opts__["lab"].get("records", DIRECTORY))
    return Entrance(_desk(), known, windows, lambda name: told(lab, fleet, name, serves))
