"""What is told of machines before they are there: the formulas, rendered by Salt, read by ssh and by haproxy."""

import subprocess

import pytest

from saltext.lab.spec import source
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from tests.support.formula import chunks

SLICES = compile(checked(source.load(sls="blocks")))


def contents(home, role, file):
    """Return what *role* has in *file* on the machine of the example lab that has that role."""
    part = next(part for part in SLICES.values() if role in part["roles"])
    return chunks(home, role, part)["file", file]["contents"]


@pytest.mark.parametrize(("host", "address"), [("node101", "10.10.0.101"), ("node120.blocks.example", "10.10.0.120")])
def test_ssh_finds_a_machine_that_is_not_there_yet(tmp_path, host, address):
    (tmp_path / "conf").write_text(contents(tmp_path, "ssh-config", "/etc/ssh/ssh_config.d/saltext-lab.conf"))
    told = subprocess.run(["ssh", "-G", "-F", tmp_path / "conf", host], capture_output=True, text=True, check=True)

    assert f"hostname {address}" in told.stdout.splitlines()
    assert f"hostkeyalias {host.split('.')[0]}" in told.stdout.splitlines()


def test_haproxy_takes_each_machine_of_the_block(tmp_path):
    text = contents(tmp_path, "haproxy", "/etc/haproxy/haproxy.cfg")
    (tmp_path / "conf").write_text(text)
    done = subprocess.run(["haproxy", "-c", "-f", tmp_path / "conf"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert [line.split()[1:3] for line in text.splitlines() if line.strip().startswith("server ")] == [
        [f"node{number}", f"10.10.0.{number}:80"] for number in range(101, 121)
    ]
