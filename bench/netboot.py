"""
How long after 1,000 machines were added the last of them is offered its own address, by a real dnsmasq.

``ours`` writes a file for each into the hosts directory, as the formula does, without a signal; ``one file, SIGHUP``
is the least that does the same.  The clock runs from the first write to the offer; what Salt takes is not in it.
"""

import argparse
import os
import re
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from bench.report import measured, row, show
from saltext.lab.netboot import dnsmasq
from saltext.lab.wait import until
from tests.support import netboot


def ours(server, add, count):
    """Add *count* machines; return the MAC and the address of the last."""
    return add(count)[-1]


def one_file(server, add, count):
    """Write *count* machines into one file, and have dnsmasq read all."""
    machines = netboot.many(count)
    lines = [dnsmasq.reservation(mac, at, f"h{n}", "infinite") for n, (mac, at) in enumerate(machines)]
    new = server.home / "hosts/.all"
    new.write_text("".join(lines))
    os.rename(new, server.home / "hosts/all")
    server.reload()
    return machines[-1]


def offered(way, server, ask, add, count):  # noqa: PLR0913, PLR0917
    """Add *count* machines by *way*, and wait until the last is offered its own address."""
    mac, address = way(server, add, count)
    until(lambda: (offer := ask("offer", mac)) and offer["ip"] == address, 60, "the last reservation", longest=0.05)


def main():
    """Run the bench, print a table and, last, one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    options.add_argument("--hosts", type=int, default=1000)
    options.add_argument("--runs", type=int, default=3)
    options = options.parse_args()
    ways = {"ours": ours, "one file, SIGHUP": one_file}
    took: dict = {name: [] for name in ways}
    for turn in range(options.runs):
        for name, way in ways.items():
            with (
                tempfile.TemporaryDirectory(prefix="bench-") as home,
                netboot.wire(f"b{turn}{len(name)}") as wire,
                netboot.thousand(wire, Path(home)) as (server, ask, add),
            ):
                took[name].append(measured(partial(offered, way, server, ask, add, options.hosts)))
    rows = [row("add", name, options.hosts, *zip(*runs, strict=True)) for name, runs in took.items()]
    ratio = round(rows[0]["median_s"] / rows[1]["median_s"], 2)
    show("netboot", {"dnsmasq": _version()}, rows, {"add": ratio})


def _version():
    said = subprocess.run(["dnsmasq", "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"version (\S+)", said)[1]


if __name__ == "__main__":
    main()
