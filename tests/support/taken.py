"""What the tests of ``lab.import`` share."""

import copy

from saltext.lab.ovs.model import Bridges
from saltext.lab.plan import merge
from saltext.lab.schema import check
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.spec.names import UNSEEN
from saltext.lab.spec.take import Has
from saltext.lab.virt.model import Domains
from saltext.lab.virt.pool_model import Pools

KINDS = {"domains": Domains, "pools": Pools, "bridges": Bridges}
#: What a domain has of which nobody stated anything.
BLANK = {
    **{"agent": False, "autostart": False, "balloon": True, "boot": ["hd"], "clock": "utc", "firmware": "bios"},
    **{"hugepages": False, "on_crash": "destroy", "on_poweroff": "destroy", "on_reboot": "restart", "rng": False},
    **{
        "serial": False,
        "shared_memory": False,
        "machine": "pc-i440fx-7.2",
        "adopt": False,
        "running": True,
        "type": "qemu",
    },
}


def wishes(spec, host):
    """Return what *host* is wished to have by *spec*, as its states take it: ``{"domains", "pools", "bridges"}``."""
    part = compile(checked(spec))[host]
    said = {"domains": part["virt"]["domains"], "pools": part["virt"].get("pools", {})}
    said["bridges"] = part.get("ovs", {}).get("bridges", {})
    return {of: check(KINDS[of], wish, of) for of, wish in said.items()}


def with_part(spec, part):
    """Return *spec* with what was taken, and with the subnets that a person has to state."""
    part = copy.deepcopy(part)
    unseen = [network for network in part.get("networks", {}).values() if network["subnet"] == UNSEEN]
    for number, network in enumerate(unseen):
        network["subnet"] = f"198.18.{number}.0/24"
    return merge(spec, part)


def having(wishes, **more):
    """Return a host's ``Has`` after *wishes* were brought about, none of it with our mark."""
    made = {
        of: {name: merge(merge({}, wish), {"adopt": None}) for name, wish in its.items()} for of, its in wishes.items()
    }
    made["domains"] = {name: grown(wish) for name, wish in made["domains"].items()}
    return Has(**({"networks": {}, "interfaces": {}, "managed": None} | made | more))


def grown(wish):
    """Return a domain after *wish* was brought about where there was none."""
    most = {"memory_max_mib": wish["memory_mib"], "vcpus_max": wish["vcpus"], "serial": "serial_log" in wish}
    return merge(BLANK | most, wish)
