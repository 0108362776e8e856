"""`salt-run lab.import`, with the minion of a hypervisor that the spec has not."""

from pathlib import Path

import pytest
import salt.crypt
import yaml

from saltext.lab.spec import source
from saltext.lab.virt import link
from saltext.lab.wait import until
from tests.support import masters

HOST = "hv9"
CODE = {"module_dirs": [str(masters.REPOSITORY)], "utils_dirs": [str(masters.REPOSITORY / "_utils")]}
OLD = """
<domain type='qemu'><name>old</name><title>{{ 7 * 7 }}</title><memory unit='MiB'>128</memory>
  <os><type machine='q35'>hvm</type></os><devices><interface type='bridge'><mac address='52:54:00:aa:00:01'/>
  <source bridge='br-lab'/><model type='virtio'/></interface></devices></domain>"""


@pytest.fixture(scope="module")
def host(master, bus, daemon):
    """That minion is up; no Open vSwitch answers there."""
    with link.connect(daemon.uri) as conn:
        conn.defineXML(OLD)
    private, public = salt.crypt.gen_keys(2048)
    Path(master.opts["pki_dir"], "minions", HOST).write_text(public)
    lab = {"virt": {"uri": daemon.uri}, "ovs": {"address": f"unix:{daemon.home}/none"}}
    with masters.minion(master, HOST, private, public, **CODE, lab=lab):
        until(lambda: f"salt/minion/{HOST}/start" in {tag for tag, _ in bus.events}, 60, HOST)
        yield
    Path(master.opts["pki_dir"], "minions", HOST).unlink()


@pytest.mark.usefixtures("host")
def test_what_a_host_has_is_written_to_a_new_file_only_which_the_spec_may_include(master, home, spec):
    file = home / f"pillar/{HOST}.sls"
    done, again = (master.run("lab.import", HOST, f"file={file}") for _ in range(2))

    assert (done.returncode, done.stdout) == (0, f"{file}: 1 VMs; 2 things are told in its comments\n"), done
    assert (again.returncode, again.stdout) == (1, f"{file} is not written — there is such a file — name a new file\n")
    assert yaml.safe_load(file.read_text())["lab"]["vms"]["old"]["macs"] == {"br-lab": "52:54:00:aa:00:01"}
    assert "# - Open vSwitch: none answers there" in file.read_text()

    spec(f"include: [{HOST}]\n" + (masters.REPOSITORY / "pillar/demo.sls").read_text())
    assert source.render(master.opts, "demo")["vms"]["old"]["libvirt"]["title"] == "{{ 7 * 7 }}"
    checked = master.run("lab.check")
    assert checked.returncode == 2
    assert "lab:networks:br-lab:subnet is '?': the host has no address there" in checked.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["hv8"], 1, "hv8 does not answer test.ping"),
        (["hv*"], 2, "'hv*' is no name of a host"),
        ([], 2, "import_ was called wrongly"),
    ],
)
def test_a_host_that_cannot_be_asked(master, words, code, said):
    done = master.run("lab.import", *words)

    assert (done.returncode, done.stdout.count("\n")) == (code, 1), done
    assert done.stdout.startswith(said)
