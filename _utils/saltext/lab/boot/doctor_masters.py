"""Whether the masters are as strict as they shall be, and whether every host trusts the one master alone."""

from saltext.lab.admit import strict
from saltext.lab.errors import LabError
from saltext.lab.spec import facts

TIMEOUT = 10  #: seconds that hosts have to answer
#: What no line of the configuration says.
FIXES = {
    "minions_autosign": "rm -r /etc/salt/pki/master/minions_autosign",
    "pillar_served": "grep -rn -A3 file_roots /etc/salt/master.d",
    "pki_mode": "chmod 0700 /etc/salt/pki/master",
}


def check(lab, fleet):
    """Yield ``(machine, what is wrong, fix)`` of every master, and of every host that would trust another one."""
    masters = dict.fromkeys(dict(lab.masters).values())
    for master in masters:
        found = fleet.call(master, "lab_master.settings")
        yield from ((master, *one) for one in judge(master, found))
    finger = fleet.call(lab.masters.physical, "lab_master.finger")
    for host, pinned in fleet.call_all(facts.awake(lab), "lab_master.pinned", timeout=TIMEOUT).items():
        if isinstance(pinned, LabError):
            yield host, f"nobody can tell which master it trusts: {pinned.what}", pinned.fix
        elif pinned != finger:
            yield host, *_unpinned(lab, host, pinned)


def judge(master, found):
    """Yield ``(what is wrong, fix)`` on *master*, where ``lab_master.settings`` *found* that.  Pure."""
    for name, value in strict.deviations(found).items():
        what = f"{name} is {value!r}, and shall be {strict.STRICT[name]!r}"
        yield (
            what,
            f"on {master}: {FIXES.get(name, f'grep -rw {name} /etc/salt/master.d')}; then salt-run lab.bootstrap",
        )


def _unpinned(lab, host, pinned):
    trusted = f"the master with the key {pinned}" if pinned else "whichever master answers it first"
    return f"its minion trusts {trusted}, not {lab.masters.physical} alone", f"salt {host} state.apply salt-minion"
