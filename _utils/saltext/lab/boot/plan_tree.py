"""How a plan is shown on a terminal: a tree, by machine.  Pure."""

import json
from collections import Counter

from rich.text import Text
from rich.tree import Tree

from saltext.lab.boot.plan_parts import DATA_LOSS, UNKNOWN, changes, problems
from saltext.lab.plan import LIVE, NEXT_BOOT, RECREATE

COLOURS = {LIVE: "green", NEXT_BOOT: "cyan", UNKNOWN: "dim", RECREATE: "red", DATA_LOSS: "bold red"}  #: others: yellow
LINES = 12  #: of a text that are shown
LONGEST = 100  #: characters of a value


def shown(plan):
    """Yield what rich prints of *plan*: a line, a tree for each machine, a line that says how to go on."""
    yield Text(_head(plan), style="bold")
    for machine, its in plan["machines"].items():
        if its["changes"] or its["problems"]:
            yield _tree(machine, its)
    if changes(plan):
        yield Text(f"nothing was changed; to have exactly this: salt-run lab.bootstrap plan={plan['id']}")


def _head(plan):
    impacts = Counter(change["impact"] for _, change in changes(plan))
    wrong = f"; {len(problems(plan))} could not be looked at, or would fail" if problems(plan) else ""
    if not impacts:
        return f"plan {plan['id']} of lab {plan['lab']}: nothing would change{wrong}"
    machines = len({machine for machine, _ in changes(plan)})
    told = ", ".join(f"{count} {impact}" for impact, count in impacts.items())
    many = f"{_many(impacts.total(), 'change')} on {_many(machines, 'machine')}"
    return f"plan {plan['id']} of lab {plan['lab']}: {many} ({told}){wrong}"


def _tree(machine, its):
    tree = Tree(Text(machine, style="bold"))
    for change in its["changes"]:
        _grow(tree, change)
    for why in its["problems"]:
        tree.add(Text(why, style="red"))
    return tree


def _grow(tree, change):
    old, new, impact = change["old"], change["new"], change["impact"]
    whole = new.splitlines() if isinstance(new, str) and "\n" in new.strip() else []
    values = "" if whole else f": {_say(new)}" if old is None else f": {_say(old)} → {_say(new)}"
    branch = tree.add(Text(f"{change['path']}{values}").append(f"  {impact}", style=COLOURS.get(impact, "yellow")))
    for text in whole[:LINES]:
        branch.add(Text(text[:LONGEST]))
    if len(whole) > LINES:
        branch.add(Text(f"… {len(whole) - LINES} lines more: --out json"))


def _say(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _many(count, what):
    return f"{count} {what}{'' if count == 1 else 's'}"
