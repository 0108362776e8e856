"""The peers of ``lab_ovs``: ovs-vsctl with all ports at once or with one, and the openvswitch collection of Ansible."""

import yaml

from bench import peers
from bench.ovs_transaction import ports
from bench.programs import Command, programs


def batched(address):
    """Return what makes one ovs-vsctl with all commands of a case; its no-op says the same again."""

    def make(count):
        cases = _vsctl(count)
        return programs({case: [command(address, *_joined(its))] for case, its in cases.items()})

    return make


def single(address):
    """Return what makes one ovs-vsctl for each port; each waits until ovs-vswitchd has applied it."""

    def make(count):
        cases = _vsctl(count)
        return programs({case: [command(address, *words) for words in its] for case, its in cases.items()})

    return make


def command(address, *words):
    """Return one ovs-vsctl with *words*."""
    return Command(["ovs-vsctl", f"--db={address}", "--timeout=120", *words])


def _vsctl(count):
    """Return the commands of each case."""
    old, new = ports(count), ports(count, changed=True)
    keep = [["--may-exist", "add-br", "br0"]]
    for name, port in old.items():
        add = ["--may-exist", "add-port", "br0", name, f"tag={port['tag']}"]
        keep.append([*add, "--", "set", "Interface", name, f"type={port['type']}"])
    change = [["set", "Port", name, f"tag={new[name]['tag']}"] for name in new if new[name] != old[name]]
    return {"create": keep, "noop": keep, "change": change, "delete": [["del-br", "br0"]]}


def _joined(commands):
    return [word for command in commands for word in ("--", *command)]


def ansible(address, home):
    """Return what makes a playbook with a loop over the ports."""

    def make(count):
        play = peers.home("ansible") / "bin/ansible-playbook"
        home.mkdir()
        env = {"HOME": str(home), "OVS_RUNDIR": address.removeprefix("unix:").removesuffix("/db.sock")}
        env |= {"ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3", "ANSIBLE_LOCALHOST_WARNING": "false"}
        commands = {}
        for case, tasks in _tasks(count).items():
            book = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
            (home / f"{case}.yml").write_text(yaml.safe_dump(book))
            commands[case] = [Command([play, home / f"{case}.yml"], env=env)]
        return programs(commands)

    return make


def _tasks(count):
    """Return the tasks of each case."""
    module = "openvswitch.openvswitch.openvswitch_"
    old, new = ports(count), ports(count, changed=True)
    bridge = {f"{module}bridge": {"bridge": "br0"}}
    fields = {"bridge": "br0", "port": "{{ item.name }}", "tag": "{{ item.tag }}"}
    fields["set"] = "Interface {{ item.name }} type={{ item.type }}"
    keep, change = (
        {f"{module}port": fields, "loop": [{"name": name, **port} for name, port in some.items()]}
        for some in (old, new)
    )
    gone = {f"{module}bridge": {"bridge": "br0", "state": "absent"}}
    return {"create": [bridge, keep], "noop": [bridge, keep], "change": [bridge, change], "delete": [gone]}
