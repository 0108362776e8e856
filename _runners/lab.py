"""The whole lab from its master: check it, bring it up, look at it."""

import functools
import logging
import sys
import time
from pathlib import Path

from saltext.lab.admit import history, office, reception
from saltext.lab.admit import revoke as revocation
from saltext.lab.admit.bus import Bus
from saltext.lab.admit.digest import digests as digests_
from saltext.lab.admit.keyring import Keyring
from saltext.lab.admit.keys import classify
from saltext.lab.admit.keystore import KeyStore
from saltext.lab.admit.store import DIRECTORY
from saltext.lab.boot import doctor as doctor_
from saltext.lab.boot import lock, reach
from saltext.lab.boot import reinstall as installation
from saltext.lab.boot import remove as removal
from saltext.lab.boot import status as look
from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.graph import VERBS, steps
from saltext.lab.boot.guests import Guests
from saltext.lab.boot.hosts import Hosts
from saltext.lab.boot.masters import Masters
from saltext.lab.boot.run import BEGUN, FAILED, execute, interruptible
from saltext.lab.errors import BadWish, LabError, Unreachable
from saltext.lab.images import bring
from saltext.lab.prove.proof import Prover
from saltext.lab.schema import nearest
from saltext.lab.spec import facts, source
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.stick.write import write

DONE, FAILURE, BAD_SPEC = 0, 1, 2


def _answers(runner):
    """Make what *runner* returns, or raises, an answer with the exit code that ``salt-run`` shall have."""

    @functools.wraps(runner)
    def answering(*args, **kwargs):
        stated = {key: value for key, value in kwargs.items() if not key.startswith("__")}  # Salt adds __pub_user, …
        try:
            answer = runner(*args, **stated)
        except BadWish as err:
            answer = {"error": str(err), "retcode": BAD_SPEC}
        except LabError as err:
            answer = {"error": str(err), "retcode": FAILURE}
        except TypeError as err:  # Salt itself would print a usage text and exit 0
            answer = {"error": f"{runner.__name__} was called wrongly, or has a fault: {err}", "retcode": BAD_SPEC}
        retcode = answer.setdefault("retcode", DONE)
        __context__["retcode"] = retcode  # what orchestrate looks at; salt-run looks at the answer's
        # With an exit code Salt 3008.3 leaves its clients to the interpreter's end, which then complains about them.
        logging.lastResort.setLevel(logging.ERROR)
        return {"outputter": "lab"} | answer

    del answering.__wrapped__  # by the arguments of *runner*, Salt would refuse an unknown one itself, and exit 0
    return answering


@_answers
def check():
    """
    Return what the lab has, and exit code 0, when its spec has no mistake; else all of its mistakes.

    CLI Example:

    .. code-block:: bash

        salt-run lab.check
    """
    lab = _lab()
    return {"said": f"lab {lab.name}: {len(lab.hosts)} hosts, {len(lab.vms)} VMs, no mistakes"}


@_answers
def bootstrap(until=VERBS[-1], forget=False):
    """
    Bring the whole lab up, and return what became of each step.

    With *until* (power, minion, converge, forget, enrol, start, highstate or prove) it ends there.  Can be
    called again at any time: what is as wished is left alone, what was broken off goes on.  Only with *forget*
    the keys of more than a third of the virtual master's machines go at once, because the spec has them no more.
    Exits with 0 when all is up, 1 when a step failed, 2 for a spec with mistakes.

    CLI Example:

    .. code-block:: bash

        salt-run lab.bootstrap
    """
    lab, fleet, desk = _lab(), Fleet(__opts__), _desk()
    digests = digests_(compile(lab), __opts__["file_roots"]["base"])
    hosts, guests = Hosts(lab, fleet, desk), Guests(lab, fleet, digests, forget)
    verbs = {"power": hosts.power, "minion": hosts.minion, "converge": hosts.converge}
    verbs |= {"forget": guests.forget, "enrol": guests.enrol, "start": guests.start, "highstate": guests.highstate}
    verbs["prove"] = _prover(lab, fleet).step
    ended = []
    with lock.held("lab.bootstrap"), interruptible():
        for event in execute(steps(lab, until), lambda step: verbs[step.verb](step)):
            _tell(event)
            if event.state != BEGUN:
                ended.append(event._asdict())
    return {"steps": ended, "retcode": FAILURE if any(event["state"] == FAILED for event in ended) else DONE}


@_answers
def prove():
    """
    Prove by packets who reaches whom, and return ``proof``: networks, isolation, and what is red.

    Every host sends packets of several sizes to everybody in each of its networks, and tells
    what arrived in which: that shows reach, isolation, the path MTU and loops, without any
    guest.  Hosts that do not answer are named, and the rest is shown.  What is red comes with
    what Open vSwitch says of the way.  The proof is also in the file prove.json beside the
    master's records.  Exits with 0 when all is as wished, else with 1.

    CLI Example:

    .. code-block:: bash

        salt-run lab.prove
    """
    proof = _prover(_lab(), Fleet(__opts__)).prove()
    return {"proof": proof, "retcode": FAILURE if proof["red"] or proof["silent"] else DONE}


@_answers
def reinstall(node):
    """
    Have *node*, a host or VM with ``boot: install-once``, installed anew when it boots next, exactly once.

    Its disk is erased then.  Refused while the last installation that was asked for is not done.

    CLI Example:

    .. code-block:: bash

        salt-run lab.reinstall hv1
    """
    generation = installation.reinstall(_lab(), Fleet(__opts__), node)
    return {"said": f"{node} is installed anew when it boots next: generation {generation}"}


@_answers
def status(name=None):
    """
    Return each host and VM (only *name*, where one is given): power, minion, admission, highstate, and what is wrong.

    CLI Example:

    .. code-block:: bash

        salt-run lab.status
    """
    lab = _lab()
    if name and name not in lab.hosts.keys() | lab.vms.keys():
        raise BadWish(f"there is no {name} in lab {lab.name}{nearest(name, [*lab.hosts, *lab.vms])}")
    found = look.status(lab, Fleet(__opts__), KeyStore(__opts__))
    shown = {kind: {one: row for one, row in rows.items() if name in (None, one)} for kind, rows in found.items()}
    wrong = any(row["wrong"] for rows in shown.values() for row in rows.values())
    return shown | {"retcode": FAILURE if wrong else DONE}


@_answers
def doctor():
    """
    Return ``findings``, what is wrong with the lab as it runs: where, what, and what to do.  Changes nothing.

    - dhcp: in each network with ``dhcp`` ours has to answer, and nobody else; with ``proxy``, one other server.

    Exits with 0 when nothing is wrong, else with 1.

    CLI Example:

    .. code-block:: bash

        salt-run lab.doctor
    """
    findings = [found._asdict() for found in doctor_.examine(_lab(), Fleet(__opts__))]
    said = f"nothing is wrong, of {', '.join(doctor_.CHECKS)}"
    return {"findings": findings, "said": said, "retcode": FAILURE if findings else DONE}


@_answers
def overlay_commit(node, paths="/", name=None, limit_mib=bring.LIMIT):
    """
    Make an overlay of what differs on *node* from its image at or below *paths*, and bring it here.

    *paths* is a list, or one text with commas.  It is /srv/images/overlays/NAME.tar.gz then, beside NAME.json, which
    has its sha256; *name* is that of the node unless stated.  Secrets and more than *limit_mib* are refused, and what
    was there stays.  The suite's modules are synced to the node first.

    CLI Example:

    .. code-block:: bash

        salt-run lab.overlay_commit web1 /etc/motd,/srv/www
    """
    call = reach.caller(_lab(), Fleet(__opts__), __opts__["lab"]["serves"], node)
    home = __opts__["lab"].get("overlays", bring.HOME)
    made = bring.bring(call, node, paths, name or node, home, limit_mib)
    return {"overlay": made, "said": f"{home}/{name or node}.tar.gz: {len(made['take'])} files, {made['size']} bytes"}


@_answers
def stick(file, images="/srv/images"):
    """
    Write the first seed of this lab, a stick that starts it where nothing is yet, to the new *file*.

    *images* is the directory that has the images ``stick`` and those that machines boot, each by its name.
    A file or a device that is there is not written to.

    CLI Example:

    .. code-block:: bash

        salt-run lab.stick /root/stick.img
    """
    tree, sls = Path(__opts__["file_roots"]["base"][0]).parent, __opts__["lab"]["spec"]
    size = write(file, _spec(), sls, tree, lambda name: _image(Path(images), name))
    return {"said": f"{file}: {size >> 20} MiB"}


@_answers
def keys():
    """
    Return ``keys``, by master what each key and each enrolment is good for: who may join, who waits, what is stale.

    Each has ``kind`` (accepted, enrolled, pending, denied or stale), ``id``, ``fingerprint``, ``since``, ``host`` and
    ``why``.  The physical master shows those of the virtual one too; where that cannot be asked it exits with 1.

    CLI Example:

    .. code-block:: bash

        salt-run lab.keys
    """
    lab = _lab()
    expected = facts.minions(lab, __opts__["lab"]["serves"])

    def own():
        rows = classify(expected, office.store(__opts__).all(), Keyring(__opts__).keys(), time.time())
        return [row._asdict() for row in rows]

    return _heard(_masters(lab).ask("keys", own))


@_answers
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
    return _heard(_revoked(_lab(), minion, source, force))


@_answers
def remove(vm, disks=False):
    """
    Take away what is left of *vm*, which is not in the spec any more: domain, key pair, key and enrolment.

    Its volumes stay unless *disks* is true.  Refused while the spec has it.  Exits with 1 where a hypervisor or the
    virtual master did not answer; call it again then.

    CLI Example:

    .. code-block:: bash

        salt-run lab.remove web4
    """
    lab = _lab()
    _masters(lab).refuse_without_hosts(f"lab.remove {vm}")
    removed, silent = removal.remove(lab, Fleet(__opts__), vm, disks)
    revoked = _revoked(lab, vm, "lab.remove")
    return _heard({"removed": removed, **revoked, "silent": silent | revoked["silent"]})


@_answers
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

    return _heard(_masters(_lab()).ask("audit", own, minion, act, since, last))


@_answers
def expect(wishes):
    """
    Expect the machines *wishes*, a list of ``{id, fingerprint, uuid?, host?}``: their keys will be accepted, once.

    CLI Example:

    .. code-block:: bash

        salt-run lab.expect '[{id: hv3, fingerprint: 9f86d081…}]'
    """
    return {"enrolled": _desk().enrol(wishes)}


@_answers
def admit(minion):
    """
    Look at the pending key of *minion* and accept it if it is the one that was enrolled.

    CLI Example:

    .. code-block:: bash

        salt-run lab.admit web1
    """
    return _desk().admit(minion)._asdict()


@_answers
def welcome(minion, again=False):
    """
    Give *minion* the first highstate of its boot, or one more with *again*.

    CLI Example:

    .. code-block:: bash

        salt-run lab.welcome web1 again=true
    """
    if office.store(__opts__).get(minion) is None:
        return {"said": "not a machine that was enrolled here"}
    if minion in _lab().hosts:  # where one master has both kinds, its hosts come here too
        return {"said": "a host, which lab.bootstrap brings to what it shall be"}
    with Bus(__opts__) as bus:
        welcome = office.welcome(__opts__)
        welcome.take([minion], again)
        reception.see_through(bus, welcome)
    outcome = welcome.ended.get(minion)
    return {"highstate": outcome and outcome.model_dump(mode="json")}


def _image(images, name):
    if not (images / name).is_dir():
        raise Unreachable(
            f"image {name} is not there", f"no {images / name}", f"copy there what python -m images build {name} makes"
        )
    return images / name


def _spec():
    return source.render(__opts__, __opts__["lab"]["spec"])


def _lab():
    return checked(_spec())


def _revoked(lab, minion, source, force=False):
    ids = revocation.checked(minion, () if force else dict(lab.masters).values())

    def own():
        return revocation.revoke(_desk(), Keyring(__opts__), ids, source)

    return _masters(lab).ask("revoke", own, ids, force, source)


def _heard(answer):
    return answer | {"retcode": FAILURE if answer["silent"] else DONE}


def _masters(lab):
    return Masters(lab, Fleet(__opts__), __opts__["lab"]["serves"])


def _prover(lab, fleet):
    records = Path(__opts__["lab"].get("records", DIRECTORY))
    return Prover(lab, fleet, records.with_name("prove.json"))


def _desk():
    return office.desk(__opts__)


def _tell(event):
    """Show *event* as it comes; not where the caller wants one document at the end."""
    if __opts__.get("output", "lab") == "lab":
        __jid_event__.fire_event({**event._asdict(), "outputter": "lab"}, "progress")
        sys.stdout.flush()
