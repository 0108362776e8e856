"""What is not as it was when a plan was made.  Pure."""

import json

from saltext.lab.boot.plan_parts import NOTHING

LONGEST = 90  #: characters that are shown of a value


def moved(planned, now):
    """
    Return what differs between the plan *planned* and *now*, the plan of the same lab at present, a text for each.

    Where the wish is the same, what is not to be changed is as wished: so each change that is in one of both plans
    only tells what was and what is.
    """
    told = [f"the lab is {now['lab']} now"] if planned["lab"] != now["lab"] else []
    slices = sorted(_differs(planned["slices"], now["slices"]))
    told += [f"{machine}: its slice or a formula is another one now" for machine in slices]
    if planned["spec"] != now["spec"] and not slices:
        told += ["the spec is another one now, of which no slice tells"]
    for machine in sorted(_differs(planned["machines"], now["machines"]) - set(slices)):
        told += world(machine, planned["machines"].get(machine, NOTHING), now["machines"].get(machine, NOTHING))
    return told


def world(machine, was, its):
    """Yield a text for each difference of *machine* between *was* and *its*, two entries of ``machines``."""
    for name in sorted(_differs(was["facts"], its["facts"])):
        before, after = _say(was["facts"].get(name)), _say(its["facts"].get(name))
        yield f"{machine}: {name} was {before} when planned, is {after} now"
    planned, now = _by_path(was), _by_path(its)
    for path in sorted(_differs(planned, now)):
        yield f"{machine}: {_change(path, planned.get(path), now.get(path))}"
    for why in [one for one in was["problems"] if one not in its["problems"]]:
        yield f"{machine}: no more is so what was so when planned: {why}"
    for why in [one for one in its["problems"] if one not in was["problems"]]:
        yield f"{machine}: was not so when planned: {why}"


def _change(path, was, its):
    """Return what is told of *path*; *was* and *its* are its changes in both plans, or None."""
    if was is None:
        before = "as wished" if its["old"] is None else _say(its["new"])
        return f"{path} was {before} when planned, is {'not' if its['old'] is None else _say(its['old'])} now"
    if its is None:
        return f"{path} was {_say(was['old'])} when planned, is as wished now"
    if was["old"] != its["old"]:
        return f"{path} was {_say(was['old'])} when planned, is {_say(its['old'])} now"
    what = "new" if was["new"] != its["new"] else "impact"
    return f"{path} was to become {_say(was[what])} when planned, is to become {_say(its[what])} now"


def _by_path(its):
    """Return ``{path: change}``; of several with one path all are told by their order."""
    found: dict = {}
    for change in its["changes"]:
        path, number = change["path"], 1
        while path in found:
            number += 1
            path = f"{change['path']} ({number})"
        found[path] = change
    return found


def _differs(one, other):
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def _say(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
