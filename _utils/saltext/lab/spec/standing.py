"""What the master remembers of the lab from one run to the next: where VMs are, and what runs.  Pure."""

import json
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from saltext.lab.errors import Refused
from saltext.lab.spec.names import Name


class Standing(NamedTuple):
    """How the lab stood when ``lab.bootstrap`` or ``lab.profile`` last looked; empty before the first time."""

    places: dict[Name, Name] = {}  #: host by VM: where each was placed; one that rests keeps its place
    hosts: tuple[Name, ...] = ()  #: hosts that the spec had
    off: tuple[Name, ...] = ()  #: hosts that could not be powered on: their drivers say that they are off
    profile: Name | None = None  #: the profile that lab.profile chose
    former: dict[Name, tuple[Name, ...]] = {}  #: hosts by VM where its domain has still to go

    @property
    def machines(self):
        """The names of all hosts and VMs."""
        return {*self.hosts, *self.places}


NOTHING = Standing()
_STANDING = TypeAdapter(Standing)


def text(standing):
    """Return *standing* as the text of its file: the same for the same one."""
    told = standing._replace(hosts=sorted(standing.hosts), off=sorted(standing.off))
    return json.dumps(told._asdict(), sort_keys=True, indent=1) + "\n"


def parse(data, at):
    """Return the ``Standing`` that the text *data* of the file *at* tells; raises ``Refused`` for a torn one."""
    try:
        return _STANDING.validate_python(Standing(**json.loads(data)))
    except (ValueError, TypeError, ValidationError) as err:
        why = "it is not where VMs are: " + str(err).splitlines()[0]
        raise Refused(f"{at} cannot be understood", why, "bring back a copy; without it, all is placed anew") from err


def of(lab, off=None):
    """
    Return the ``Standing`` that a bootstrap of *lab*, which is checked, begins with.

    A VM that moves leaves a domain behind on its former host; *off* is which hosts are known to be off now.
    """
    before = lab.standing
    places = {name: vm.host for name, vm in lab.vms.items()}
    resting = {name: host for name, host in before.places.items() if name in lab.resting}
    former = {name: tuple(sorted(left)) for name in places if (left := _left(before, name) - {places[name]})}
    hosts, off = tuple(sorted(lab.hosts)), before.off if off is None else off
    return before._replace(
        places=resting | places, hosts=hosts, off=tuple(sorted(set(off) & set(hosts))), former=former
    )


def _left(before, name):
    return {*before.former.get(name, ()), *([before.places[name]] if name in before.places else [])}


def cleared(standing, hosts):
    """Return *standing* after what VMs had left behind on *hosts* is gone."""
    left = {name: tuple(host for host in of if host not in hosts) for name, of in standing.former.items()}
    return standing._replace(former={name: of for name, of in left.items() if of})
