"""What a stick makes of a machine, and what never gets onto one."""

import json
from pathlib import Path

import pytest
import yaml

from images import cache
from saltext.lab.errors import BadWish, NotSafe
from saltext.lab.netboot.versions import SERVED
from saltext.lab.plan import merge
from saltext.lab.spec import source
from saltext.lab.spec.check import checked
from saltext.lab.stick import files, grub
from saltext.lab.stick.write import write

SUITE = Path(__file__).parents[2]
TEMPLATE = (SUITE / "salt/salt-minion/lab.conf.j2").read_text()
OTHER = {"mac": "52:54:00:00:03:02", "address": "lan+2"}
KEY = "-----BEGIN RSA PRIVATE KEY-----\n"


@pytest.fixture(scope="module")
def spec():
    return source.load(SUITE / "pillar", "stick")


@pytest.fixture
def suite(tmp_path):
    """A suite of one formula, and images of next to nothing; not enough to make a stick of."""
    tree = tmp_path / "suite"
    (tree / "salt/salt-minion").mkdir(parents=True)
    (tree / "pillar").mkdir()
    (tree / "salt/salt-minion/lab.conf.j2").write_text(TEMPLATE)
    for file in ("manifest.json", *SERVED):
        (tmp_path / "ram").mkdir(exist_ok=True)
        (tmp_path / "ram" / file).touch()
    told = {"kernel": "6.1", "served": SERVED, "files": {file: {"sha256": "0" * 64} for file in SERVED}}
    (tmp_path / "ram/manifest.json").write_text(json.dumps(told))
    return tree


def test_the_machine_is_the_master_of_the_spec_for_all_that_boots_from_it(spec):
    texts = files.texts(checked(spec), "stick", TEMPLATE)

    assert texts["etc/hostname"] == "stick\n"
    assert "10.66.0.1 stick.seed.example stick\n" in texts["etc/hosts"]
    assert json.loads(texts["etc/saltext-lab/seed.conf"]) == {
        "lab": {"spec": "stick", "serves": ["physical", "virtual"]}
    }
    assert yaml.safe_load(texts["etc/salt/minion.d/lab.conf"])["master"] == "stick"
    assert texts["etc/saltext-lab/card"] == "52:54:00:00:03:01\n"
    assert "Address=10.66.0.1/24\n" in texts["etc/systemd/network/10-eth0.network"]
    assert files.images(checked(spec)) == ["ram"]


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ({"netboot": None, "networks": {"lan": {"dhcp": None, "netboot": None}}}, "names nobody"),
        ({"hosts": {"other": OTHER}, "netboot": {"http": "other"}}, "names stick, stick, other"),
        ({"hosts": {"other": OTHER}, "masters": {"physical": "other"}}, "no machine could boot from other"),
        ({"hosts": {"stick": {"uplinks": {"trunk0": []}}}}, "its roles openvswitch need packages"),
        ({"hosts": {"stick": {"roles": ["motd"]}}}, "its roles motd need packages"),
        ({"hosts": {"stick": {"card": "enp3s0"}}}, "leave out lab:hosts:stick:card"),
        ({"netboot": {"overlays": ["base"]}}, "overlays base do not go onto a stick"),
        ({"netboot": {"verify": True}}, "neither signatures nor images of disks go onto a stick"),
    ],
    ids=["no netboot", "another server", "another master", "switches", "a role", "a card", "an overlay", "signatures"],
)
def test_a_spec_that_no_stick_can_start(spec, patch, why):
    with pytest.raises(BadWish, match=why):
        files.host(checked(merge(spec, patch)))


def test_a_spec_with_a_secret_in_it_gets_no_stick(spec):
    secret = {"cluster": "attic", "value": "AQ=="}
    with pytest.raises(NotSafe, match="has the value of client.libvirt — whoever finds the stick") as caught:
        files.host(checked(merge(spec, {"secrets": {"client.libvirt": secret}})))
    assert "AQ==" not in str(caught.value)
    elsewhere = {"cluster": "attic", "value_file": "/etc/ceph/key"}
    assert files.host(checked(merge(spec, {"secrets": {"client.libvirt": elsewhere}}))) == "stick"


def test_nothing_that_is_there_is_written_to(spec, suite, tmp_path):
    (tmp_path / "there").write_text("kept")
    for file, why in (
        (tmp_path / "there", "is there already"),
        (Path("/dev/no-such-folder/disk"), "where devices are"),
    ):
        with pytest.raises(NotSafe, match=f"{why} — name a new file"):
            write(file, spec, "stick", suite, lambda name: tmp_path / name)
    assert (tmp_path / "there").read_text() == "kept"
    with pytest.raises(BadWish, match="there is no directory"):
        write(tmp_path / "none/new", spec, "stick", suite, lambda name: tmp_path / name)


def test_a_key_beside_the_spec_never_gets_onto_the_stick(spec, suite, tmp_path):
    (suite / "pillar/mine.sls").write_text(f"key: |\n  {KEY}")
    with pytest.raises(NotSafe, match="srv/lab/pillar/mine.sls: a private key is in it"):
        write(tmp_path / "new", spec, "stick", suite, lambda name: tmp_path / name)
    assert not [path.name for path in tmp_path.iterdir() if "new" in path.name]


def test_grub_reads_everything_into_memory_from_its_own_stick():
    text = grub.config("/boot/0123")

    assert text.startswith("search --file --set=root /boot/0123\n")
    assert "initrd /boot/initrd.img /boot/lab.img\nboot\n" in text


@pytest.mark.parametrize("part", ["host/files/etc/hello", "host/python.txt", "ram/kernel.py"])
def test_what_it_borrows_from_other_recipes_is_part_of_its_own(tmp_path, part):
    for file in ("stick/packages.txt", *cache.ALSO["stick"][1:], "host/files/etc/hello"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("")
    for shared in (*cache.SHARED, "sign.py"):
        (tmp_path / shared).write_text("")
    before = {name: cache.digest(name, tmp_path) for name in ("stick", "ram")}
    (tmp_path / part).write_text("changed")

    assert cache.digest("stick", tmp_path) != before["stick"]
    assert (cache.digest("ram", tmp_path) == before["ram"]) == part.startswith("host")
