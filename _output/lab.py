"""How the lab is shown on a terminal: a line for each step as it comes, a table at the end."""

import io
import json
import time

from rich.console import Console
from rich.text import Text

from saltext.lab.boot import show
from saltext.lab.boot.plan_tree import shown as _plan
from saltext.lab.tables import table as _table
from saltext.lab.tables import when as _when

VERDICTS = {"matches": "green", "differs": "red"}
COLOURS = {"changed": "green", "failed": "red", "skipped": "yellow", "begun": "dim"}
COLOURS |= {
    "chosen": "green",
    "against": "dim",
    "enrolled": "cyan",
    "pending": "yellow",
    "denied": "yellow",
    "stale": "red",
}
LONGEST = 64  #: characters that are shown of what a stranger sent; `--out json` has all of it


def output(data, **kwargs):
    """
    Return *data*, what a runner of ``lab`` returned or told while it ran, as text.

    CLI Example:

    .. code-block:: bash

        salt-run lab.status --out lab
    """
    if data.get("suffix") == "progress":
        return "" if data["event"].get("silent") else _shown(_line(data["event"]))
    if data.get("mistakes"):
        return _shown(*_mistakes(data))
    if "error" in data:
        return _shown(Text(data["error"], style="red"))
    tables = [part for key, table in TABLES.items() if data.get(key) for part in table(data[key])]
    if not tables:
        return str(data.get("said") or {key: part for key, part in data.items() if key not in ("outputter", "retcode")})
    return _shown(*tables)


def _mistakes(data):
    """One line for each, so that an editor or a terminal finds the place; what to do with them at the end."""
    for one in data["mistakes"]:
        place = ":".join(str(part) for part in (one["file"], one["line"]) if part)
        text = Text(f"{place}  " if place else "", style="bold")
        yield text.append(one["message"], style="red")
    what, *_, fix = data["error"].split(" — ")
    yield Text(f"{what}: {fix}", style="bold red")


def _line(event):
    text = Text(f"{event['state']:>9}  {event['step']:<20}", style=COLOURS.get(event["state"], ""))
    took = f" {event['took']:6.1f} s" if event["state"] != "begun" else ""
    return text.append(f"{took}  {event['said']}", style="default")


def _steps(rows):
    changed = sum(row["state"] == "changed" for row in rows)
    lost = [row for row in rows if row["state"] in ("failed", "skipped")]
    yield Text(f"{len(rows)} steps, {changed} changed something, {len(lost)} failed or skipped", style="bold")
    if not changed:
        return
    table = _table("step", "s", "changed")
    for row in [row for row in rows if row["state"] == "changed"]:
        table.add_row(row["step"], f"{row['took']:.1f}", row["said"], style=COLOURS["changed"])
    yield table


def _hosts(rows):
    yield Text("hosts", style="bold")
    table = _table("name", "power", "minion", "admitted", "address", "what is wrong")
    for name, row in rows.items():
        cells = (name, row["power"], row["minion"], _yes(row["admitted"]), row["address"], "; ".join(row["wrong"]))
        table.add_row(*cells, style="red" if row["wrong"] else None)
    yield table


def _vms(rows):
    yield Text("VMs", style="bold")
    table = _table("name", "host", "power", "admitted", "highstated", "address", "what is wrong")
    for name, row in rows.items():
        when = _when(row["highstated"]) or "no"
        cells = (name, row["host"], row["power"], _yes(row["admitted"]), when, row["address"], "; ".join(row["wrong"]))
        table.add_row(*cells, style="red" if row["wrong"] else None)
    yield table


def _proof(proof):
    red = {(row["from"], row["to"]): row["kind"] for row in proof["red"]}
    yield Text(_proven(proof), style="bold red" if red or proof["silent"] else "bold")
    for name, network in proof["networks"].items():
        if len(network["reach"]) > 1:
            yield from _reach(name, network, red)
    if len(proof["isolation"]) > 1:
        yield from _isolation(proof["isolation"])
    for why in proof["silent"].values():
        yield Text(why, style="red")
    for row in proof["red"]:
        words = (f"{row['from']} → {row['to']}: {row['wrong']}", row["why"], row["fix"])
        yield Text(" — ".join(word for word in words if word), style="red")


def _proven(proof):
    silent = f", {len(proof['silent'])} hosts silent" if proof["silent"] else ""
    where = f"{proof['cells']} places in {len(proof['networks'])} networks"
    return f"{where}, {len(proof['red'])} wrong{silent}; {proof['took']:.1f} s"


def _reach(name, network, red):
    yield Text(f"{name}: bytes that cross, of {network['mtu']}", style="bold")
    table = _table("from \\ to", *network["reach"])
    for sender, row in network["reach"].items():
        kinds = {to: red.get((f"{sender}/{name}", f"{to}/{name}"), "") for to in network["reach"]}
        table.add_row(sender, *(_bytes(row.get(to, "–"), kind) for to, kind in kinds.items()))
    yield table


def _bytes(size, kind):
    shown = "?" if size is None else str(size)
    return Text(f"{shown} {kind}".strip() if kind != "lost" else "lost", style="red" if kind else "")


def _isolation(rows):
    yield Text("packets of one network in another", style="bold")
    table = _table("from \\ to", *rows)
    for one, row in rows.items():
        table.add_row(one, *(Text(row.get(to, "–"), style="red" if row.get(to) == "leak" else "") for to in rows))
    yield table


def _findings(rows):
    table = _table("check", "where", "what is wrong", "what to do")
    for row in rows:
        table.add_row(row["check"], row["where"], row["what"], row["fix"], style="red")
    yield table


def _plans(rows):
    table = _table("id", "made", "lab", "changes")
    for row in rows:
        table.add_row(row["id"], _when(row["made"]), row["lab"], str(row["changes"]))
    yield table


def _rows(*columns):
    """Return what shows ``{master: rows}`` as one table with *columns*."""

    def shown(masters):
        rows = [{"master": master, **row} for master, its in masters.items() for row in its]
        yield Text(f"{len(rows)} in all", style="bold")
        table = _table(*columns)
        for row in sorted(rows, key=lambda row: row.get("at", 0)):
            cells = [CELLS.get(column, str)(row.get(column) or "") for column in columns]
            table.add_row(*cells, style=COLOURS.get(row.get("kind")))
        yield table

    return shown


def _gone(masters):
    for minion in dict.fromkeys(one for its in masters.values() for one in its):
        gone = [f"{', '.join(its[minion])} ({master})" for master, its in masters.items() if its.get(minion)]
        yield Text(f"{_safe(minion)}: {'gone are ' + ', '.join(gone) if gone else 'nothing was there'}")


def _reasons(rows):
    table = _table("host", "", "MiB left", "vCPUs left", "why")
    for row in rows:
        left = ("" if row[key] is None else str(row[key]) for key in ("memory_mib", "vcpus"))
        table.add_row(row["host"], row["state"], *left, row["why"], style=COLOURS.get(row["state"]))
    yield table


def _profiles(rows):
    table = _table("profile", "", "VMs", "hosts", "places")
    for row in rows:
        place = ", ".join(f"{vm} on {host}" for vm, host in row["place"].items())
        active = "active" if row["active"] else ""
        table.add_row(row["name"], active, ", ".join(row["vms"]), ", ".join(row["hosts"]), place)
    yield table


def _changes(parts):
    for what in ("stop", "start"):
        yield from (Text(f"{what:>5}  {vm} on {host}") for vm, host in parts[what].items())
    yield from (Text(f" move  {vm} from {old} to {new}") for vm, (old, new) in parts["move"].items())
    for what in ("on", "off"):
        yield from (Text(f"{what:>5}  {host}") for host in parts[what])


def _silent(masters):
    yield from (Text(why, style="red") for why in masters.values())


def _safe(text):
    """Return *text*, which anybody may have sent, so that it moves no terminal's cursor and fills no screen."""
    shown = text if text.isascii() and text.isprintable() else json.dumps(text)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def _window(told):
    yield Text(f"{told['host']}: a window until {time.strftime('%T', time.localtime(told['until']))}", style="bold")
    key, *rows = told["checks"]
    yield Text(f"key that waits: {key['expected'] or 'none'}")
    yield Text(f"key that it told of: {key['told'] or 'none'}", style=VERDICTS.get(key["state"], ""))
    table = _table("what", "should be", "is", "")
    for row in rows:
        cells = (row["what"], row["expected"], row["told"].replace(", ", "\n"), row["state"])
        table.add_row(*cells, style=VERDICTS.get(row["state"]))
    yield table
    machine = told["machine"] or {}
    about = [f"{key}: {machine[key]}" for key in ("vendor", "product", "serial") if machine.get(key)]
    yield Text(", ".join(about) or told["why"])
    yield Text(told["next"], style="bold")


CELLS = {"id": _safe, "since": _when, "at": _when, "fingerprint": lambda text: text[:16]}
TABLES = {"reasons": _reasons, "profiles": _profiles, "changes": _changes, "steps": _steps, **show.TABLES}
TABLES |= {"hosts": _hosts, "vms": _vms, "proof": _proof, "findings": _findings, "window": _window}
TABLES |= {"keys": _rows("kind", "id", "fingerprint", "since", "host", "master", "why")}
TABLES |= {"plan": _plan, "plans": _plans}
TABLES |= {"audit": _rows("at", "master", "act", "id", "why", "source")}
TABLES |= {"removed": _gone, "revoke": _gone, "silent": _silent}


def _yes(flag):
    return "yes" if flag else "no"


def _shown(*parts):
    terminal = Console()
    width = terminal.width if terminal.is_terminal else 160
    console = Console(file=io.StringIO(), force_terminal=terminal.is_terminal, width=width, markup=False)
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text))
    return console.file.getvalue().rstrip("\n")
