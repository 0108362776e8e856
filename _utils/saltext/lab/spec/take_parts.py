"""The bridges and pools of a host as its spec says them.  Pure."""

from saltext.lab.ovs.model import Bridge, Bridges
from saltext.lab.plan import diff
from saltext.lab.schema import check
from saltext.lab.spec import storage, switches
from saltext.lab.spec.take_fit import fitting
from saltext.lab.virt.pool_model import Pool
from saltext.lab.virt.pool_xml import POOL

#: In the notes of a port: who plugs it in again, whenever a guest or a container starts.
OF_GUESTS = {"vm-id", "container_id"}
OTHER = "the spec says otherwise of it, which lab.plan shows: it is not taken over"


def bridges(lab, host, found):
    """Return ``{bridge: fields}`` of those that the lab does not know, and ``[(what, why)]`` of what is left out."""
    made = switches.of(lab, host) if host in lab.hosts else {}
    known = check(Bridges, made["ovs"]["bridges"], "bridges") if made else {}
    wishes, lost = {}, []
    for name, bridge in sorted((found or {}).items()):
        if name in known:
            lost += [(f"bridge {name}", OTHER)] if _differs(bridge, known[name]) else []
        else:
            wishes[name], why = _bridge(name, bridge)
            lost += why
    return wishes, lost


def _bridge(name, bridge):
    ports = {port: its for port, its in bridge.get("ports", {}).items() if not OF_GUESTS & set(_notes(its))}
    broken = [port for port, its in ports.items() if _error(its)]
    own = bridge | {"ports": {port: its for port, its in ports.items() if port not in broken}}
    fits, lost = fitting(Bridge, {key: part for key, part in own.items() if key != "adopt" and part != {}})
    told = [
        (f"port {port} of bridge {name}", f"Open vSwitch has it with an error: {_error(ports[port])}")
        for port in broken
    ]
    return {"adopt": True} | fits, [*told, *_told(f"bridge {name}", lost)]


def _notes(port):
    return port.get("external_ids") or {}


def _error(port):
    return next((one["error"] for one in (port, *port.get("interfaces", {}).values()) if one.get("error")), None)


def pools(lab, host, found):
    """Return ``{pool: fields}`` of those that the lab does not know, and ``[(what, why)]`` of what is left out."""
    known = storage.of(lab, host).get("pools", {}) if host in lab.hosts else {}
    wishes, lost = {}, []
    for name, pool in sorted(found.items()):
        if name in known:
            lost += [(f"pool {name}", OTHER)] if _differs(pool, known[name]) else []
            continue
        steady = {key: part for key, part in pool.items() if key not in POOL or _defined(pool, key) == part}
        fits, why = fitting(Pool, {key: part for key, part in steady.items() if key not in ("adopt", "defined")})
        if "type" not in fits:
            lost += [(f"pool {name}", "this suite has no word for its type: it stays as it is")]
            continue
        wishes[name] = {"adopt": True} | fits
        lost += [*_told(f"pool {name}", why), *_otherwise(name, pool), *_login(name, fits)]
    return wishes, lost


def _defined(pool, key):
    return pool.get("defined", pool).get(key)


def _otherwise(name, pool):
    late = [key for key in POOL if _defined(pool, key) != pool.get(key)]
    if late:
        yield f"pool {name}", f"it runs with another {' and '.join(late)} than it is defined with: neither is stated"


def _login(name, pool):
    if auth := (pool.get("source") or {}).get("auth"):
        yield (
            f"pool {name}",
            f"the value of {auth['secret']} is not read: state it in lab:secrets, for a host that is new",
        )


def _differs(actual, wish):
    return any(change.path != ("adopt",) for change in diff(actual, wish))


def _told(what, lost):
    return [(f"{what}, {'.'.join(path)}" if path else what, why) for path, why in lost]
