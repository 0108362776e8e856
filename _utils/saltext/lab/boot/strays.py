"""VMs of ours that the spec does not have any more.  Pure."""

RESTS = "it rests in the active profile: salt-run lab.profile, with that profile's name, stops it"


def strays(lab, domains, records):
    """
    Return rows of ``lab.status`` for VMs of this suite that are not in *lab*, or run and should rest: all are wrong.

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
            "wrong": [RESTS if name in lab.resting else f"not in the spec: salt-run lab.remove {name}"],
        }
        for host, name, domain in found
        if name not in lab.vms and (domain["running"] or name not in lab.resting)
    }
