"""
What a machine is told at its first boot, as files that it fetches: for cloud-init (NoCloud) or Ignition (v3).  Pure.

Keys are not in it: a VM's identity comes by fw_cfg each time it is powered on, and is taken over before its minion.
"""

import json
from typing import NamedTuple
from urllib.parse import quote

import yaml

from saltext.lab.plan import merge

IGNITION = "3.3.0"
OWN = "own.ign"  #: the person's config, which Ignition merges over ours
SCRIPT, DROPIN = "/usr/local/sbin/saltext-lab-identity", "10-saltext-lab.conf"
MINION = "/etc/salt/minion.d/saltext-lab.conf"
IDENTITY = """\
#!/bin/sh
# Takes the keys of this boot over from QEMU's fw_cfg; without any, the minion has those that it has.
modprobe -q qemu_fw_cfg
from=/sys/firmware/qemu_fw_cfg/by_name/opt/saltext-lab to=/etc/salt/pki/minion
[ -d "$from" ] || exit 0
umask 077
mkdir -p "$to" || exit
cat "$from/minion.pem/raw" >"$to/minion.pem" &&
cat "$from/minion.pub/raw" >"$to/minion.pub" &&
cat "$from/master.pub/raw" >"$to/minion_master.pub"
"""
BEFORE = f"[Service]\nExecStartPre={SCRIPT}\n"


class Card(NamedTuple):
    """One network card; *address* is None where DHCP gives one, and empty where it has none."""

    mac: str
    address: str | None
    router: str | None
    dns: tuple[str, ...]
    mtu: int


class Machine(NamedTuple):
    """What is told to one machine."""

    name: str
    uuid: str
    domain: str
    cards: tuple[Card, ...]
    ssh_keys: tuple[str, ...]
    minion: dict | None  #: the configuration of its minion, or None for none


def cloud_init(machine, stated):
    """Return ``{file: text}`` for cloud-init's NoCloud; *stated* is cloud-config of the person's own."""
    about = {"instance-id": machine.uuid, "local-hostname": machine.name}
    return {
        "user-data": "#cloud-config\n" + _yaml(_over(_cloud_config(machine), stated)),
        "meta-data": _yaml(about),
        "network-config": _yaml({"version": 2, "ethernets": _ethernets(machine)}),
        "vendor-data": "",
    }


def ignition(machine, stated, site):
    """Return ``{file: text}`` for Ignition; *stated* is a config of the person's own, *site* the URL of the files."""
    own = {OWN: _json(stated)} if stated else {}
    return {"config.ign": _json(_config(machine, f"{site}{OWN}" if stated else None)), **own}


def pointer(site):
    """Return the Ignition config that leads to the one at *site*: short enough to stand in the domain."""
    return _json({"ignition": {"version": IGNITION, "config": {"replace": {"source": f"{site}config.ign"}}}}, None)


def seed(site):
    """Return the SMBIOS serial number by which cloud-init finds the files at *site*."""
    return f"ds=nocloud-net;s={site}"


def _cloud_config(machine):
    found: dict = {"hostname": machine.name, "fqdn": f"{machine.name}.{machine.domain}"}
    if machine.ssh_keys:
        found["ssh_authorized_keys"] = list(machine.ssh_keys)
    if machine.minion:
        found["salt_minion"] = {"conf": machine.minion}
        found["write_files"] = [
            {"path": SCRIPT, "permissions": "0755", "content": IDENTITY},
            {"path": f"/etc/systemd/system/salt-minion.service.d/{DROPIN}", "content": BEFORE},
        ]
    return found


def _over(ours, stated):
    """Return *stated* merged over *ours*; lists of both are joined, ours first."""
    joined = {key: [*ours[key], *stated[key]] for key in ours.keys() & stated.keys() if _lists(ours[key], stated[key])}
    return merge(ours, stated) | joined


def _lists(*values):
    return all(isinstance(value, list) for value in values)


def _ethernets(machine):
    return {f"card{number}": _ethernet(machine, card) for number, card in enumerate(machine.cards)}


def _ethernet(machine, card):
    found = {"match": {"macaddress": card.mac}} | ({"mtu": card.mtu} if card.mtu != 1500 else {})
    if card.address is None:
        return found | {"dhcp4": True}
    found |= {"dhcp4": False} | ({"addresses": [card.address]} if card.address else {})
    if card.router:
        found["routes"] = [{"to": "0.0.0.0/0", "via": card.router}]
    if card.dns:
        found["nameservers"] = {"addresses": list(card.dns), "search": [machine.domain]}
    return found


def _config(machine, own):
    files = [_file("/etc/hostname", f"{machine.name}\n")]
    files += [_file(f"/etc/systemd/network/10-card{n}.network", text) for n, text in enumerate(_networkd(machine))]
    found: dict = {"ignition": {"version": IGNITION} | ({"config": {"merge": [{"source": own}]}} if own else {})}
    if machine.ssh_keys:
        found["passwd"] = {"users": [{"name": "core", "sshAuthorizedKeys": list(dict.fromkeys(machine.ssh_keys))}]}
    if machine.minion:
        files += [_file(MINION, _yaml(machine.minion)), _file(SCRIPT, IDENTITY, 0o755)]
        dropin = {"name": DROPIN, "contents": BEFORE}
        found["systemd"] = {"units": [{"name": "salt-minion.service", "dropins": [dropin]}]}
    return found | {"storage": {"files": files}}


def _networkd(machine):
    for card in machine.cards:
        mtu = f"[Link]\nMTUBytes={card.mtu}\n" if card.mtu != 1500 else ""
        lines = ["DHCP=ipv4"] if card.address is None else [f"Address={card.address}"] if card.address else []
        lines += [f"Gateway={card.router}"] if card.address and card.router else []
        lines += [f"DNS={server}" for server in card.dns] if card.address else []
        yield f"[Match]\nMACAddress={card.mac}\n{mtu}[Network]\n" + "".join(f"{line}\n" for line in lines)


def _file(path, text, mode=0o644):
    return {"path": path, "mode": mode, "overwrite": True, "contents": {"source": f"data:,{quote(text)}"}}


def _yaml(data):
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def _json(data, indent=2):
    return json.dumps(data, indent=indent) + ("\n" if indent else "")
