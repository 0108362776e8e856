"""Which log is shown for which step that failed."""

from saltext.lab.boot.graph import steps
from saltext.lab.boot.logs import LINES, Logs
from saltext.lab.errors import Unreachable
from saltext.lab.spec.check import checked
from tests.support.labs import DEMO

LAB = checked(DEMO)


class Fleet:
    """One whose hosts answer with who was asked what; hv2 is silent."""

    @staticmethod
    def call(host, function, *words, timeout, **options):
        if host == "hv2":
            raise Unreachable("hv2 does not answer")
        said = f"{host} {function} {words[0]}\n\x1b[31mred"
        return said.splitlines() if function == "lab_virt.console" else said


def log(step):
    [failure] = Logs(LAB, Fleet).of([{"step": step, "machine": step.split()[1]}])
    return failure["log"]


def test_a_vm_has_its_console_and_a_host_its_minion():
    assert log("highstate web1") == {"of": "console of web1", "lines": ["hv1 lab_virt.console web1", "red"]}
    assert log("converge hv1") == {
        "of": "salt-minion on hv1",
        "lines": [f"hv1 cmd.run journalctl --unit salt-minion --lines {LINES} --no-pager --output short-iso", "red"],
    }


def test_what_cannot_be_asked_says_so():
    assert log("start web3") == {"of": "console of web3", "lines": ["hv2 does not answer"]}


def test_every_step_of_the_graph_can_fail():
    without = {step.verb for step in steps(LAB) if not log(step.id)}

    assert without == {"power", "minion", "prove"}
