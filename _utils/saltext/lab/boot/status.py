"""How the lab is: what each host and VM should be, is, and what is wrong with it."""

from concurrent.futures import ThreadPoolExecutor

from saltext.lab import power
from saltext.lab.admit.case import ACCEPTED
from saltext.lab.boot.strays import strays
from saltext.lab.errors import LabError
from saltext.lab.spec import derive, facts

PATIENCE = 4  #: seconds that minions have to answer: all hosts in one job, and all VMs in one
READING = 20  #: seconds that a host which answers has to tell of its domains or records


def status(lab, fleet, keys):
    """
    Return ``{"hosts": {name: row}, "vms": {name: row}}``.

    A row has ``power``, ``minion`` (``answers`` or ``silent``; of a VM that nobody asked, ``unknown``), ``admitted``,
    ``address`` and ``wrong`` (a list of texts, empty when all is well); a VM's also ``host``, ``highstated`` (seconds
    since 1970, or None).  Reads only.  Those who are silent cost ``PATIENCE`` once, however many they are.
    """
    heard = fleet.call_all(list(lab.hosts), "test.ping", timeout=PATIENCE)
    answering = {host for host, said in heard.items() if said is True}
    with ThreadPoolExecutor() as pool:
        powers = dict(zip(lab.hosts, pool.map(lambda host: _power(lab, host), lab.hosts), strict=True))
    hosts = {name: _host(lab, keys, name, powers[name], name in answering) for name in lab.hosts}
    return {"hosts": hosts, "vms": _vms(lab, fleet, answering)}


def _host(lab, keys, name, power, answers):
    row = {
        "power": power,
        "minion": "answers" if answers else "silent",
        "admitted": keys.pub(name, ACCEPTED) is not None,
        "address": str(derive.address(lab.networks, lab.hosts[name].address)[1].ip),
    }
    wrong = [] if row["power"] in ("on", "unknown") else [f"its power is {row['power']}: salt-run lab.bootstrap"]
    wrong += [] if row["admitted"] else ["its key is not accepted: salt-run lab.bootstrap"]
    if not wrong and row["minion"] == "silent":
        wrong = [f"its minion does not answer: look at `journalctl -u salt-minion` on {name}"]
    return row | {"wrong": wrong}


def _power(lab, name):
    try:
        driver = power.of(lab, name)
        return driver.status() if driver else "unknown"
    except LabError as err:
        return str(err)


def _vms(lab, fleet, answering):
    master, hypervisors = lab.masters.virtual, set(facts.hypervisors(lab))
    records = _asked(fleet, answering & {master}, "lab_master.records").get(master)
    in_use = [name for name in lab.vms if _highstate(records, name).get("state") == "done"]
    silent = _asked(fleet, answering & {master}, "lab_master.silent", in_use, PATIENCE).get(master) if in_use else []
    heard = {} if silent is None else {name: "silent" if name in silent else "answers" for name in in_use}
    domains = _asked(fleet, answering & hypervisors, "lab_virt.domains")
    vms = {
        name: _vm(lab, name, domains.get(vm.host), records, heard.get(name, "unknown")) for name, vm in lab.vms.items()
    }
    return vms | strays(lab, domains, records)


def _asked(fleet, hosts, fun, *words):
    """Return ``{host: what *fun* says there}`` of those among *hosts* that answer, asked all at once."""
    said = fleet.call_all(sorted(hosts), fun, *words, timeout=READING) if hosts else {}
    return {host: answer for host, answer in said.items() if not isinstance(answer, LabError)}


def _highstate(records, name):
    return ((records or {}).get(name) or {}).get("highstate") or {}


def _vm(lab, name, domains, records, minion):
    host = lab.vms[name].host
    domain, record = (domains or {}).get(name), (records or {}).get(name) or {}
    highstate = _highstate(records, name)
    row = {
        "host": host,
        "minion": minion,
        "power": "unknown" if domains is None else "on" if domain and domain["running"] else "off",
        "admitted": record.get("admitted") is not None,
        "highstated": highstate.get("at") if highstate.get("state") == "done" else None,
        "address": _address(lab, name),
    }
    others = lab.vms[name].adopt and domain is not None  # whether it runs is the business of who made it
    return row | {"wrong": [] if others else list(_wrong(lab, row, domain, highstate, records))}


def _address(lab, name):
    return str(derive.address(lab.networks, facts.vm_place(lab, name))[1].ip) if name in facts.addressed(lab) else ""


def _wrong(lab, row, domain, highstate, records):
    if row["power"] == "unknown":
        yield f"its host {row['host']} does not answer"
    elif domain is None:
        yield "it is not defined: salt-run lab.bootstrap"
    elif row["power"] == "off":
        yield "it is off: salt-run lab.bootstrap"
    elif records is None:
        master = lab.masters.virtual
        yield f"its master {master} cannot be asked, whose minion is silent: on {master}: systemctl status salt-minion"
    elif not row["admitted"]:
        yield "it was not admitted: see its console, and the audit on its master"
    elif not row["highstated"]:
        yield f"its highstate is {highstate.get('state', 'missing')} {highstate.get('why', '')}".strip()
    elif row["minion"] == "silent":
        yield f"its minion is silent: see its console, by lab_virt.console on {row['host']}"
