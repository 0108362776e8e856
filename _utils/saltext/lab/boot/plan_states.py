"""What the states of a host would change, from what Salt returns of them under ``test=True``.  Pure."""

from saltext.lab.boot.plan_parts import DATA_LOSS, Planned, Problem, restart
from saltext.lab.boot.returns import RESTART as MINION
from saltext.lab.plan import LIVE
from saltext.lab.plan import RESTART as AGAIN

#: Seconds without a daemon that Salt restarts; guests, bridges and addresses go on without theirs.
DAEMONS = {"dnsmasq": 1, "nginx": 1, "libvirtd": 2, "openvswitch-switch": 3, "salt-minion": 5, "salt-master": 5}
WHOLE = ("diff", "newfile")  #: what Salt says of a file as a whole
LOSES = ("lab_virt.volumes", "lab_virt.volume_absent", "lab_virt.volume_present")


def parts(host, states, guests, stale=False):
    """
    Yield a ``Planned`` for each change in *states*, what ``state.apply test=True`` returned on *host*.

    *guests* is ``{vm: seconds that it is away when it restarts}``.  A state that would fail is a ``Problem``, but not
    where the host's modules are *stale*: it may be one that they do not have.
    """
    for tag, state in sorted(states.items(), key=lambda item: item[1].get("__run_num__", 0)):
        yield from _changes(host, tag, state, guests)
        if state["result"] is False and not stale:
            yield Problem(host, f"{_id(tag, state)} would fail: {_one_line(state['comment'])}")


def _changes(host, tag, state, guests):
    kind, *_, function = tag.split("_|-")
    function, its = f"{kind}.{function}", _id(tag, state)
    if kind.startswith("lab_"):
        for path, change in state["changes"].items():
            impact = _impact(function, path, change, guests)
            yield Planned(host, f"{its} {path}", change["old"], change["new"], impact)
    elif state["changes"]:
        impact = restart(DAEMONS["salt-minion"]) if its == MINION else LIVE
        for key, (old, new) in _of_salt(state["changes"]).items():
            own = (its, state.get("name"), *WHOLE)
            yield Planned(host, its if key in own else f"{its} {key}", old, new, impact)
    elif state["result"] is None:
        yield Planned(host, its, None, _one_line(state["comment"]), _of_service(kind, its, state))


def _impact(function, path, change, guests):
    if function in LOSES and change["new"] is None and isinstance(change["old"], dict):
        return DATA_LOSS
    impact = change.get("impact", LIVE)
    return restart(guests.get(path.split(".")[0])) if impact == AGAIN else impact


def _of_salt(changes):
    """Return ``{key: (old, new)}`` of what a state of Salt's own says."""
    if not isinstance(changes, dict):
        return {"diff": (None, changes)}
    return {key: _pair(value) for key, value in changes.items()}


def _pair(value):
    if isinstance(value, dict) and value.keys() == {"old", "new"}:
        return value["old"] or None, value["new"]
    return None, value


def _of_service(kind, its, state):
    if its == MINION:
        return restart(DAEMONS["salt-minion"])
    if kind == "service" and "restarted" in state["comment"]:
        return restart(DAEMONS.get(state.get("name", its)))
    return LIVE


def _id(tag, state):
    return state.get("__id__", tag.split("_|-")[1])


def _one_line(text):
    return " ".join(str(text).split())
