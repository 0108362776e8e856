"""What makes a machine that starts from the stick the first master of its lab.  Pure."""

import json

import jinja2

from saltext.lab.errors import BadWish, NotSafe
from saltext.lab.spec import derive, facts
from saltext.lab.spec.compile import compile
from saltext.lab.spec.netboot_facts import ONCE, machines, overlays, servers

ROLES = {"salt-master", "netboot", "salt-minion"}  #: the formulas that the image has the packages of
CARD = "eth0"  #: whatever machine it is, see images/stick/files/usr/lib/lab/card
LOCALHOST = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"


def host(lab):
    """Return the name of the host that the stick becomes; raises ``BadWish`` or ``NotSafe`` where it cannot."""
    name = lab.masters.physical
    if not lab.netboot or set(servers(lab).values()) != {name}:
        why = f"a stick is lab:masters:physical, and lab:netboot names {', '.join(servers(lab).values()) or 'nobody'}"
        raise BadWish(f"no machine could boot from {name}", why, f"name {name} in lab:netboot:dhcp, tftp and http")
    if spare := set(compile(lab)[name]["roles"]) - ROLES:
        why = f"its roles {', '.join(sorted(spare))} need packages that are not on it"
        raise BadWish(f"{name} cannot run from a stick", why, "leave out its roles, uplinks and joins")
    if lab.hosts[name].card != CARD:
        raise BadWish(f"the card of {name} is called {CARD} by a stick", "", f"leave out lab:hosts:{name}:card")
    if lab.netboot.verify or any(one.boot == ONCE for one in machines(lab)):
        why = "neither signatures nor images of disks go onto a stick"
        raise BadWish(f"machines could not boot from {name}", why, "leave out lab:netboot:verify and boot install-once")
    if over := overlays(lab):
        raise BadWish(
            f"overlays {', '.join(over)} do not go onto a stick", "", "leave out lab:netboot:overlays and others"
        )
    for part, own in (("secrets", "value"), ("logins", "password")):
        if plain := [name for name, one in getattr(lab, part).items() if getattr(one, own)]:
            what, why = f"lab:{part} has the {own} of {', '.join(plain)}", "whoever finds the stick can read it"
            raise NotSafe(what, why, f"state {own}_file, or write a spec for the stick")
    return name


def texts(lab, sls, minion):
    """
    Return ``{path: text}`` of who that machine is; *sls* is the pillar SLS of its spec.

    *minion* is the template that the formula salt-minion writes: written already, no minion has to be restarted.
    """
    name = host(lab)
    part = compile(lab)[name]
    seed = {"lab": {"spec": sls, "serves": part["master"]["serves"]}}
    known = "".join(f"{address} {one}.{lab.domain} {one}\n" for one, address in part["hosts"].items())
    return {
        "etc/hostname": f"{name}\n",
        "etc/hosts": LOCALHOST + known,
        "etc/salt/minion.d/lab.conf": jinja2.Template(minion, keep_trailing_newline=True).render(pillar={"lab": part}),
        "etc/saltext-lab/card": f"{lab.hosts[name].mac}\n",
        "etc/saltext-lab/seed.conf": json.dumps(seed) + "\n",
        f"etc/systemd/network/10-{CARD}.network": _network(lab, name),
    }


def images(lab):
    """Return the names of the images that machines may boot from it."""
    return [name for name, image in lab.images.items() if image.kind == "ram"]


def _network(lab, name):
    network, address = derive.address(lab.networks, lab.hosts[name].address)
    link = f"[Link]\nMTUBytes={facts.mtu(lab, network)}\n"
    own = f"[Network]\nAddress={address}\nIPv6AcceptRA=no\nConfigureWithoutCarrier=yes\n"
    return f"[Match]\nName={CARD}\n\n{link}\n{own}"
