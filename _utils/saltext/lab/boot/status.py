"""How the lab is: what each host and VM should be, is, and what is wrong with it."""

from concurrent.futures import ThreadPoolExecutor

from saltext.lab import power
from saltext.lab.admit.case import ACCEPTED
from saltext.lab.boot.strays import strays
from saltext.lab.errors import LabError
from saltext.lab.spec import derive, facts


def status(lab, fleet, keys):
    """
    Return ``{"hosts": {name: row}, "vms": {name: row}}``.

    A row has ``power``, ``minion``, ``admitted``, ``address`` and ``wrong`` (a list of
    texts, empty when all is well); a VM's also ``host``, ``highstated`` (seconds since
    1970, or None).  Reads only.
    """
    with ThreadPoolExecutor() as pool:
        hosts = dict(zip(lab.hosts, pool.map(lambda host: _host(lab, fleet, keys, host), lab.hosts), strict=True))
    vms = _vms(lab, fleet, hosts)
    return {"hosts": hosts, "vms": vms}


def _host(lab, fleet, keys, name):
    row = {
        "power": _power(lab, name),
        "minion": "answers" if fleet.answers(name) else "silent",
        "admitted": keys.pub(name, ACCEPTED) is not None,
        "address": str(derive.address(lab.networks, lab.hosts[name].address)[1].ip),
    }
    wrong = [] if row["power"] in ("on", "unknown") else [f"its power is {row['power']}: salt-run lab.bootstrap"]
    wrong += [] if row["admitted"] else ["its key is not accepted: salt-run lab.bootstrap"]
    if not wrong and row["minion"] == "silent":
        wrong = [f"its minion does not answer: look at `journalctl -u salt-minion` on {name}"]
    return row | {"wrong": wrong}


def _power(lab, name):
    wish = lab.hosts[name].power
    try:
        return power.driver(wish.model_dump(), name).status() if wish else "unknown"
    except LabError as err:
        return str(err)


def _vms(lab, fleet, hosts):
    records = _asked(fleet, hosts, lab.masters.virtual, "lab_master.records")
    domains = {host: _asked(fleet, hosts, host, "lab_virt.domains") for host in facts.hypervisors(lab)}
    vms = {name: _vm(lab, name, domains[vm.host], records) for name, vm in lab.vms.items()}
    return vms | strays(lab, domains, records)


def _asked(fleet, hosts, host, fun):
    """Return what *fun* says on *host*, or None when that host does not answer."""
    try:
        return fleet.call(host, fun) if hosts[host]["minion"] == "answers" else None
    except LabError:
        return None


def _vm(lab, name, domains, records):
    host = lab.vms[name].host
    domain, record = (domains or {}).get(name), (records or {}).get(name) or {}
    highstate = record.get("highstate") or {}
    row = {
        "host": host,
        "power": "unknown" if domains is None else "on" if domain and domain["running"] else "off",
        "admitted": record.get("admitted") is not None,
        "highstated": highstate.get("at") if highstate.get("state") == "done" else None,
        "address": str(derive.address(lab.networks, facts.vm_place(lab, name))[1].ip),
    }
    return row | {"wrong": list(_wrong(lab, row, domain, highstate, records))}


def _wrong(lab, row, domain, highstate, records):
    if row["power"] == "unknown":
        yield f"its host {row['host']} does not answer"
    elif domain is None:
        yield "it is not defined: salt-run lab.bootstrap"
    elif row["power"] == "off":
        yield "it is off: salt-run lab.bootstrap"
    elif records is None:
        yield f"its master {lab.masters.virtual} does not answer"
    elif not row["admitted"]:
        yield "it was not admitted: see its console, and the audit on its master"
    elif not row["highstated"]:
        yield f"its highstate is {highstate.get('state', 'missing')} {highstate.get('why', '')}".strip()
