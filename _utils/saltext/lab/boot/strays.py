"""VMs of ours that the spec does not have any more.  Pure."""


def strays(lab, domains, records):
    """
    Return rows of ``lab.status`` for VMs of this suite that are not in *lab*: they are all wrong.

    *domains* is ``{host: {name: domain}}``, *records* ``{id: record}``, each None where nobody could be asked.
    """
    found = [(host, name, one) for host, its in domains.items() for name, one in (its or {}).items() if one["adopt"]]
    return {
        name: {
            "host": host,
            "power": "on" if domain["running"] else "off",
            "minion": "unknown",
            "admitted": (records or {}).get(name, {}).get("admitted") is not None,
            "highstated": None,
            "address": "",
            "wrong": [f"not in the spec: salt-run lab.remove {name}"],
        }
        for host, name, domain in found
        if name not in lab.vms
    }
