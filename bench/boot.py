"""
How long a machine without a disk takes from power-on to its first highstate, and what of it is what.

The lab `boots` comes up in a rack as far as its hosts; then machines of each firmware are switched on, one alone and
four at once.  The clock runs from the start of QEMU: to the address that it was given (whole seconds), to its kernel,
to init, to its first key at the master, to the end of its highstate.  The shell script that the suite began with took
24 s (BIOS), 28 to 36 s (UEFI), 54 to 56 s (four at once); `ratios` are ours over the middle of these.
"""

import argparse
import json
import re
from datetime import datetime

import salt.version

from bench.report import row, show
from saltext.lab.spec import derive
from saltext.lab.wait import until
from tests.lab.conftest import Lab

BEFORE = {("bios", 1): 24, ("uefi", 1): 31, ("http", 1): 36, ("bios", 4): 55}  #: s; facts of the script
BOOT = 600  #: s
CLOCK = "cut -d' ' -f1 /proc/uptime; date +%s.%N; awk '/MemTotal/ {t=$2} /MemAvailable/ {print t-$2}' /proc/meminfo"


class Bench:
    """The lab and its machines."""

    def __init__(self, lab):
        self.lab = lab
        self.master_pub = lab.salt("pi1", "pi1", "lab_master.public_key")

    def boot(self, names):
        """Switch on *names* at once; return ``{name: {phase: seconds}}`` when all are highstated."""
        enrolled = [self._enrol(name) for name in names]
        self.lab.run("pi1", "salt-run", "lab.expect", json.dumps(enrolled))
        self.lab.run("hv1", "sh", "-c", "".join(f"virsh -q start {name} & " for name in names) + "wait")
        until(lambda: all(self._is_done(name) for name in names), BOOT, "the highstates", longest=2)
        found = {name: self._phases(name) for name in names}
        self.lab.run("hv1", "sh", "-c", "".join(f"virsh -q destroy {name}; " for name in names))
        return found

    def _enrol(self, name):
        fingerprint = self.lab.salt("pi1", "hv1", "lab_virt.identity", name, json.dumps(self.master_pub))
        return {"id": name, "fingerprint": fingerprint, "host": "hv1"}

    def _record(self, name):
        return self.lab.salt("pi1", "pi1", "lab_master.records", f"[{name}]").get(name)

    def _is_done(self, name):
        record = self._record(name)
        return bool(record and record["highstate"] and record["highstate"]["state"] == "done")

    def _phases(self, name):
        on, record = self._power_on(name), self._record(name)
        up, now, used = (float(word) for word in self.lab.salt("pi1", name, "cmd.run", CLOCK).split())
        kernel = now - up - on
        marks = self.lab.run("hv1", "tail", "-n", "40", f"/var/log/libvirt/qemu/{name}-console.log").stdout
        init = float(re.findall(r"LABMARK userspace up=(\S+)", marks)[-1])
        return {
            "address": self._address(name) - on,
            "kernel": kernel,
            "init": kernel + init,
            "first key": record["admitted"] - on,
            "highstated": record["highstate"]["at"] - on,
            "memory_mib": used / 1024,
        }

    def _power_on(self, name):
        log = self.lab.run("hv1", "cat", f"/var/log/libvirt/qemu/{name}.log").stdout
        stamp = re.findall(r"^(\S+ \S+): starting up libvirt", log, re.MULTILINE)[-1]
        return datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S.%f%z").timestamp()

    def _address(self, name):
        mac = derive.mac("boots", name, "lan")
        log = self.lab.run("nb1", "grep", f"DHCPACK.*{mac}", "/var/log/saltext-lab-dnsmasq.log").stdout
        stamp = f"{datetime.now().year} {log.splitlines()[-1][:15]}"
        return datetime.strptime(stamp, "%Y %b %d %H:%M:%S").astimezone().timestamp()

    def moved(self, address):
        """Return the bytes that nginx sent to *address* so far."""
        log = self.lab.run("nb1", "cat", "/var/log/nginx/access.log").stdout.splitlines()
        return sum(int(line.split()[9]) for line in log if line.startswith(f"{address} "))


def main():
    """Run the bench, print a table and, last, one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    options.add_argument("--runs", type=int, default=3)
    runs = options.parse_args().runs
    lab, cases = Lab("bb", "boots"), {}
    lab.rack("down")
    lab.rack("up")
    try:
        lab.seed()
        lab.bootstrap("until=converge")
        bench = Bench(lab)
        for _ in range(runs):
            for kind, count in [*BEFORE, ("uefi", 4)]:
                for one in bench.boot([f"{kind}{number}" for number in range(1, count + 1)]).values():
                    for phase, value in one.items():
                        cases.setdefault((kind, count, phase), []).append(value)
        files = json.loads(lab.run("pi1", "cat", "/srv/images/ram/manifest.json").stdout)["files"]
        moved = bench.moved("10.10.0.21") // (2 * runs)
    finally:
        lab.rack("down")
    _show(cases, {name: of["size"] for name, of in files.items()}, moved)


def _show(cases, sizes, moved):
    seconds = {case: values for case, values in cases.items() if case[2] != "memory_mib"}
    rows = [row(f"{count} {kind}: {phase}", "ours", count, of) for (kind, count, phase), of in seconds.items()]
    took = {one["case"]: one["median_s"] for one in rows}
    ratios = {
        f"{count} {kind}": round(took[f"{count} {kind}: highstated"] / s, 2) for (kind, count), s in BEFORE.items()
    }
    memory = {f"{count} {kind}": round(sum(of) / len(of)) for (kind, count, what), of in cases.items() if "mem" in what}
    show("boot", {"salt": salt.version.__version__}, rows, ratios, memory_mib=memory, sizes=sizes, bytes_moved=moved)


if __name__ == "__main__":
    main()
