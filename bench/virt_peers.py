"""
The peers of ``lab_virt``: virsh, kcli and saltext-virt, each with the same domains as the raw loop.

kcli and saltext-virt give each what they give every domain (a console, a card for graphics): theirs are larger.
"""

import yaml

from bench import peers
from bench.programs import Command, programs
from bench.salt_call import Minion
from bench.virt_loop import memories, text

#: kcli creates nothing without a pool of that name
POOL = "<pool type='dir'><name>default</name><target><path>/var/lib/libvirt/images</path></target></pool>"


def pool(conn):
    """Make and start the pool that kcli needs."""
    made = conn.storagePoolDefineXML(POOL)
    made.build()
    made.create()


def virsh(uri, home):
    """Return what makes a virsh that gets all commands of a case in one go; it cannot tell a no-op from a change."""

    def make(count):
        home.mkdir()
        for name, mib in memories(count).items():
            (home / name).write_text(text(name, mib))
        old, new = memories(count), memories(count, changed=True)
        other = {name: mib * 1024 for name, mib in new.items() if mib != old[name]}
        lines = {
            "create": [f"define {home / name}" for name in old],
            "noop": [f"setmem {name} {mib * 1024} --config" for name, mib in old.items()],
            "change": [
                f"{call} {name} {kib} --config" for name, kib in other.items() for call in ("setmaxmem", "setmem")
            ],
            "delete": [f"undefine {name}" for name in old],
        }
        argv = ["virsh", "--quiet", "--connect", uri]
        return programs({case: [Command(argv, stdin="\n".join(its))] for case, its in lines.items()})

    return make


def kcli(uri, home):
    """Return what makes a kcli that creates, updates and deletes a plan."""

    def make(count):
        (home / ".kcli").mkdir(parents=True)
        (home / ".kcli/config.yml").write_text(
            yaml.safe_dump({"default": {"client": "it"}, "it": {"type": "kvm", "url": uri}})
        )
        for changed in (False, True):
            plan = {name: _kcli_domain(mib) for name, mib in memories(count, changed).items()}
            (home / f"{changed}.yml").write_text(yaml.safe_dump(plan))
        return programs({case: [_kcli(home, *words)] for case, words in KCLI.items()})

    return make


KCLI = {
    "create": ("create", "plan", "-f", "False.yml", "bench"),
    "noop": ("update", "plan", "-f", "False.yml", "bench"),
    "change": ("update", "plan", "-f", "True.yml", "bench"),
    "delete": ("delete", "plan", "--yes", "bench"),
}


def _kcli(home, *words):
    return Command([peers.home("kcli") / "bin/kcli", *words], env={"HOME": str(home)}, cwd=home)


def _kcli_domain(mib):
    return {
        "memory": mib,
        "numcpus": 1,
        "disks": [],
        "nets": [],
        "start": False,
        "cloudinit": False,
        "cpumodel": "qemu64",
    }


def saltext_virt(uri, home):
    """Return what makes a Salt that has saltext-virt, the old ``virt``; it has no state that removes a domain."""

    def make(count):
        venv = peers.home("saltext-virt")
        minion = Minion(home, {"virt": {"connection": {"uri": uri}}}, venv / "bin/salt-call")
        trees = {
            case: {name: _defined(mib) for name, mib in memories(count, case == "change").items()}
            for case in ("create", "noop", "change")
        }
        return minion.contender(trees)

    return make


def _defined(mib):
    fields = {
        "cpu": 1,
        "mem": mib,
        "vm_type": "qemu",
        "os_type": "hvm",
        "arch": "x86_64",
        "seed": False,
        "install": False,
    }
    return {"virt.defined": [{key: value} for key, value in fields.items()]}
