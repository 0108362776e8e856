"""Reach a VM of the lab from outside: its master runs commands on it, its hypervisor has its console."""

import json
import subprocess
import sys

from rack import inside
from saltext.lab.errors import Unreachable

PATIENCE = 60  # seconds without an answer; an emulated guest that boots beside others is slow


def run(place, spec, vm, argv):
    """Return the exit code of *argv* on *vm*, after what it printed; raises ``Unreachable``."""
    query = ["salt", "--out=json", "--static", f"--timeout={PATIENCE}", vm, "cmd.run_all", json.dumps(argv)]
    done = subprocess.run(
        inside.entering(place, spec["masters"]["virtual"], [*query, "python_shell=false"]),
        env=inside.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    answer = _answer(done.stdout).get(vm)
    if not isinstance(answer, dict) or "stdout" not in answer:
        why = answer or done.stderr.strip()
        raise Unreachable(f"{vm} does not answer", why, "make run CMD='salt-run lab.status'")
    for text, to in ((answer["stdout"], sys.stdout), (answer["stderr"], sys.stderr)):
        if text:
            print(text, file=to)
    return answer["retcode"]


def console(place, spec, vm):
    """Replace this process by the serial console of *vm*; Ctrl-] leaves it."""
    inside.become(place, spec["vms"][vm]["host"], ["virsh", "console", vm])


def _answer(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return {}
