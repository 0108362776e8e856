"""Every mistake in a spec, before anything runs.  Pure."""

from saltext.lab.errors import BadWish
from saltext.lab.mistake import bad, plain, told
from saltext.lab.schema import parse
from saltext.lab.spec import (
    blocks,
    check_adopt,
    check_attachment,
    check_blocks,
    check_ceph,
    check_cloud,
    check_devices,
    check_machines,
    check_needs,
    check_netboot,
    check_networks,
    check_pools,
    check_power,
    check_pxelinux,
    check_references,
    check_secrets,
    check_storage,
    mend,
)
from saltext.lab.spec.model import Lab
from saltext.lab.spec.settle import settled
from saltext.lab.spec.standing import NOTHING
from saltext.lab.spec.where import Places


def checked(spec, standing=NOTHING):
    """
    Return *spec*, the dict under the pillar key ``lab``, as a ``Settled`` lab without mistakes.

    *standing* is how the lab stands.  Raises ``BadWish`` with every mistake: pillar path, what is wrong, what would be
    right; where *spec* is a ``where.Spec``, with file and line.  Keys and values come first, then names that refer to
    nothing, then what contradicts itself: that in what is left of the lab without the entries that have mistakes
    already, so that it may take a second run to see all.
    """
    rest, mistakes = _sound(spec)
    rules = [rule for rule in RULES if rule not in WHOLE] if mistakes else RULES
    lab, misplaced = settled(blocks.expanded(rest), standing) if rest else (None, [])
    found = [*(() if mistakes else misplaced), *(one for rule in rules for one in rule(lab))] if lab else []
    mistakes += [_valued(told(one), spec) for one in found]
    mistakes += [told(one) for one in check_cloud.secrets(lab)] if lab else []
    _refuse(spec, [*mistakes, *check_secrets.plain(spec, _places(spec))])
    return lab


def drafted(spec, standing=NOTHING):
    """Return ``(Settled, [mistake, …])``: who is where in *spec*, and what is wrong with that; else as ``checked``."""
    lab, mistakes = _sound(spec)
    _refuse(spec, mistakes)
    return settled(blocks.expanded(lab), standing)


def _sound(spec):
    """Return what is right in *spec* as a ``Lab``, None where that is none, and the mistakes of values and names."""
    try:
        lab, mistakes = parse(Lab, spec, "lab"), []
    except BadWish as err:
        lab, mistakes = None, list(err.mistakes)
    stated = spec if isinstance(spec, dict) else {}
    mistakes += check_references.dangling(lab or mend.filled(spec, mistakes), mistakes, stated)
    return mend.sound(spec, mistakes, check_references.dangling) if mistakes else lab, mistakes


def _refuse(spec, mistakes):
    if mistakes:
        raise bad(_places(spec).located(mistakes), "lab")


def _places(spec):
    return Places(getattr(spec, "files", ()))


def _valued(mistake, spec):
    """Return *mistake* with the value at its path, if that is one value."""
    for part in mistake.path[1:]:
        spec = spec.get(part) if isinstance(spec, dict) else None
    return mistake._replace(wrong=plain(spec))


RULES = (
    *(*check_machines.RULES, *check_networks.RULES, *check_attachment.RULES),
    *(*check_storage.RULES, *check_netboot.RULES, *check_cloud.RULES, *check_pxelinux.RULES, *check_blocks.RULES),
    *(*check_needs.RULES, *check_devices.RULES, *check_pools.RULES, *check_ceph.RULES, *check_power.RULES),
    *check_adopt.RULES,
)
#: Rules that would tell of what is only missing because the entries that have it have other mistakes.
WHOLE = (*check_netboot.WHOLE, *check_devices.WHOLE, *check_pools.WHOLE, *check_ceph.WHOLE)
