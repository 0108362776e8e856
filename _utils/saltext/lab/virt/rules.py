"""What a change of a domain means.  Pure."""

import re

from saltext.lab.plan import LIVE, NEXT_BOOT, RECREATE

#: Not in the XML that a guest was started with.
AT_ONCE = {"adopt", "autostart", "running"}
FIXED = {"type", "uuid"}


def impact(change, actual):
    """
    Return when *change*, one of ``diff(actual, wish)``, takes effect.

    ``recreate`` for what a domain keeps for life, ``next-boot`` for the definition of one
    that runs, else ``live``.
    """
    name, *rest = change.path
    if not rest or name not in actual:
        return LIVE
    if rest[0] in FIXED:
        return RECREATE
    return NEXT_BOOT if actual[name].get("running") and rest[0] not in AT_ONCE else LIVE


def as_asked(actual, wish):
    """
    Return *actual*, all domains by name, with each machine called what *wish* calls it if it is of that family.

    libvirt 9.0 turns ``q35`` into ``pc-q35-7.2`` when it defines a domain, and a guest keeps
    that version when QEMU is upgraded; so both mean the same and are no change.
    """
    return {name: _as_asked(domain, wish.get(name)) for name, domain in actual.items()}


def _as_asked(domain, wish):
    asked = (wish or {}).get("machine")
    return domain | {"machine": asked} if asked and _is_of(domain.get("machine", ""), asked) else domain


def _is_of(machine, family):
    family = {"pc": "i440fx"}.get(family, family)
    return re.fullmatch(rf"(pc-)?{re.escape(family)}-\d[\d.]*", machine) is not None
