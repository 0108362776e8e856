"""See what a bootstrap would change, machine by machine, and change nothing."""

import time
from concurrent.futures import ThreadPoolExecutor

from saltext.lab.admit import office
from saltext.lab.admit.digest import digests
from saltext.lab.answer import spec_of
from saltext.lab.boot import plan_guests, plan_hosts, plan_states, synced
from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.hosts import Hosts
from saltext.lab.boot.plan_moved import moved, world
from saltext.lab.boot.plan_parts import NOTHING, UNKNOWN, digest, document, machines
from saltext.lab.errors import LabError, Refused
from saltext.lab.spec import facts
from saltext.lab.spec.compile import compile

PATIENCE = 10  #: seconds that minions have to say that they are there; hosts under load take some
READING = 20  #: seconds to read files, domains and records
TEST = 300  #: seconds to apply states under test


class Planner:
    """
    Plans for a checked *lab*, whose machines are reached through *fleet*, and its *hosts* as a bootstrap has them.

    *spec* is the digest of the spec, *slices* ``{machine: digest}`` of what would be applied, *newest* the digest of
    the modules that this master syncs.
    """

    def __init__(self, lab, fleet, hosts, spec, slices, newest):  # noqa: PLR0913, PLR0917
        self.lab, self.fleet, self.hosts = lab, fleet, hosts
        self.spec, self.slices, self.newest = spec, slices, newest
        self.away: dict[str, float] = {}  #: of the last plan, see plan_guests.away
        self.secrets = [secret.value for secret in lab.secrets.values() if secret.value]

    def make(self):
        """Return the plan as it is now, see ``plan_parts.document``."""
        return document(self.lab.name, self.spec, self.slices, self._parts(), self.secrets)

    def held(self, plan):
        """
        Return ``before(host, seconds)`` for ``Hosts`` if *plan* is what would be planned now, else raise ``Refused``.

        It raises ``Refused`` where the states of that host would by then change something else than planned.
        """
        self._refuse(plan, moved(plan, self.make()))
        return lambda host, seconds: self._look_again(plan, host, seconds)

    def _refuse(self, plan, differences):
        if differences:
            what, fix = f"plan {plan['id']} does not hold any more", "see what there is to do now: salt-run lab.plan"
            raise Refused(what, "; ".join(differences), fix)

    def _look_again(self, plan, host, seconds):
        was = plan["machines"].get(host, NOTHING)
        left = {move.old for move in plan_guests.moves(self.lab, self.lab.standing.places)}
        if host in left or any(change["impact"] == UNKNOWN for change in was["changes"]):
            return  # who leaves is taken away there once the run has begun
        states = self.fleet.call(host, "state.apply", test=True, timeout=seconds)
        now = machines(plan_states.parts(host, states, self.away), self.secrets).get(host, NOTHING)
        changes = [change for change in was["changes"] if change["path"] not in plan_hosts.ENTRANCE]
        self._refuse(plan, list(world(host, {**was, "changes": changes, "facts": {}}, now)))

    def _parts(self):
        seen = self._look()
        records = seen[self.lab.masters.virtual].records
        known = records if isinstance(records, dict) else {}
        self.away = plan_guests.away(self.lab.vms, known)
        for host, one in seen.items():
            yield from plan_hosts.parts(host, one, self.newest, self.away)
        domains = {host: one.domains for host, one in seen.items()}
        yield from plan_guests.parts(self.lab, domains, records, self.slices, time.time())
        yield from plan_guests.moves(self.lab, self.lab.standing.places)
        yield from plan_guests.gone(self.lab, known)

    def _look(self):
        """Return ``{host: Seen}``; all minions are asked at once."""
        hosts, ask = list(facts.awake(self.lab)), self.fleet.call_all
        with ThreadPoolExecutor() as pool:
            entrances = dict(zip(hosts, pool.map(self._entrance, hosts), strict=True))
        heard = ask(hosts, "config.get", "autoload_dynamic_modules", timeout=PATIENCE)
        up = [host for host in hosts if not isinstance(heard[host], LabError)]
        modules = ask(up, "lab_suite.modules", timeout=READING)
        ready = [host for host in up if plan_hosts.may_test(heard[host], modules[host], self.newest)]
        hypervisors = [host for host in facts.hypervisors(self.lab) if host in up]
        master = [host for host in up if host == self.lab.masters.virtual]
        told = {
            "heard": heard,
            "modules": modules,
            "states": ask(ready, "state.apply", test=True, timeout=TEST),
            "domains": ask(hypervisors, "lab_virt.domains", timeout=READING),
            "records": ask(master, "lab_master.records", timeout=READING),
        }
        return {host: entrances[host]._replace(**{key: its.get(host) for key, its in told.items()}) for host in hosts}

    def _entrance(self, host):
        try:
            power, known = self.hosts.status(host), self.hosts.known(host)
        except LabError as err:
            power, known = err, None
        return plan_hosts.Seen(power, known, self.hosts.accepted(host))


def planner(opts, lab):
    """Return the ``Planner`` for *lab*, of the master whose configuration is *opts*."""
    roots, fleet = opts["file_roots"]["base"], Fleet(opts)
    hosts = Hosts(lab, fleet, office.desk(opts))
    return Planner(lab, fleet, hosts, digest(spec_of(opts)), digests(compile(lab), roots), synced.of_master(roots))
