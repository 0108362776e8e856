"""What images that people bring are told at their first boot: merged, refused, found again from what is written."""

import json
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.errors import BadWish
from saltext.lab.netboot import cloud
from saltext.lab.plan import merge
from saltext.lab.schema import check
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.virt.model import Domain
from tests.support.netboot import SPEC

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVYQU1QTEU= admin"
DEB = {"kind": "disk", "source": "https://images.example/deb12.qcow2", "sha256": "0" * 64}
BROUGHT = merge(
    SPEC,
    {
        "images": {"deb12": DEB},
        "pools": {"vms": {"type": "dir", "path": "/srv/vms"}},
        "classes": {
            "deb": {
                **{"image": "deb12", "nics": ["lan"], "disks": {"vda": {"pool": "vms", "size_gib": 8}}},
                "cloud": {
                    "kind": "cloud-init",
                    "ssh_keys": [KEY],
                    "user_data": {"timezone": "UTC", "packages": ["vim"]},
                },
            },
        },
        "vms": {"deb1": {"class": "deb", "host": "srv", "address": "lan+40"}},
    },
)
SITE = "http://10.77.0.1/cloud/deb1/"


def compiled(own=None, **patch):
    return compile(checked(merge(BROUGHT, {"vms": {"deb1": {"cloud": own or {}}}, **patch})))["srv"]


def files(own=None, **patch):
    return compiled(own, **patch)["netboot"]["nginx"]["cloud"]["deb1"]


def mistakes(own=None, **patch):
    with pytest.raises(BadWish) as err:
        compiled(own, **patch)
    return err.value.why


def test_cloud_init_gets_the_name_the_keys_and_the_minion_and_what_was_stated_over_it():
    found = files({"user_data": {"timezone": "Europe/Zurich", "write_files": [{"path": "/a", "content": "b"}]}})
    told = yaml.safe_load(found["user-data"])

    assert found["user-data"].startswith("#cloud-config\n")
    assert (told["hostname"], told["fqdn"], told["ssh_authorized_keys"]) == ("deb1", "deb1.boot.example", [KEY])
    assert told["salt_minion"]["conf"].items() >= {"master": "10.77.0.1", "id": "deb1"}.items()
    assert (told["timezone"], told["packages"]) == ("Europe/Zurich", ["vim"])
    assert [one["path"] for one in told["write_files"]][0::2] == [cloud.SCRIPT, "/a"]
    assert yaml.safe_load(found["meta-data"])["local-hostname"] == "deb1"
    assert found["vendor-data"] == ""


def test_a_network_with_dhcp_is_asked_and_in_others_the_address_of_the_spec_is_said():
    asked = yaml.safe_load(files()["network-config"])["ethernets"]["card0"]
    said = yaml.safe_load(files({"network": "static"})["network-config"])["ethernets"]["card0"]

    assert (asked["dhcp4"], "addresses" in asked) == (True, False)
    assert (said["dhcp4"], said["addresses"]) == (False, ["10.77.0.40/24"])
    assert asked["match"] == said["match"]


def test_ignition_gets_the_same_and_merges_what_was_stated_itself():
    own = {"kind": "ignition", "user_data": None, "config": {"ignition": {"version": "3.3.0"}}}
    found = files(own, classes={"deb": {"cloud": {"user_data": None}}})
    config = json.loads(found["config.ign"])
    written = {
        one["path"]: unquote(one["contents"]["source"].removeprefix("data:,")) for one in config["storage"]["files"]
    }

    assert config["ignition"] == {"version": "3.3.0", "config": {"merge": [{"source": f"{SITE}own.ign"}]}}
    assert config["passwd"]["users"] == [{"name": "core", "sshAuthorizedKeys": [KEY]}]
    assert written["/etc/hostname"] == "deb1\n"
    assert yaml.safe_load(written[cloud.MINION]).items() >= {"master": "10.77.0.1", "id": "deb1"}.items()
    assert "DHCP=ipv4" in written["/etc/systemd/network/10-card0.network"]
    assert json.loads(found["own.ign"]) == own["config"]


def test_the_domain_says_where_it_is_and_is_a_domain():
    domain = compiled()["virt"]["domains"]["deb1"]
    other = compiled({"kind": "ignition"}, classes={"deb": {"cloud": {"user_data": None}}})["virt"]["domains"]["deb1"]

    assert domain["smbios"] == {"system": {"serial": f"ds=nocloud-net;s={SITE}"}}
    pointer = json.loads(other["fw_cfg"]["opt/com.coreos/config"]["value"])
    assert pointer["ignition"]["config"]["replace"]["source"] == f"{SITE}config.ign"
    assert "smbios" not in other
    for one in (domain, other):
        assert one["fw_cfg"]["opt/saltext-lab/minion.pem"] == {
            "file": "/var/lib/saltext-lab/identities/deb1/minion.pem"
        }
        assert check(Domain, one, "domain") == one


def test_without_salt_nothing_is_said_of_it():
    assert "salt" not in files({"salt": False})["user-data"]


def test_machines_without_it_are_as_before():
    assert compile(checked(SPEC))["srv"]["netboot"]["nginx"]["cloud"] == {}
    assert "smbios" not in compile(checked(SPEC))["srv"]["virt"]["domains"]["one"]


@pytest.mark.parametrize(
    ("own", "why"),
    [
        ({"kind": "ignition"}, "lab:vms:deb1:cloud:user_data is not read by ignition"),
        ({"config": {"ignition": {"version": "3.3.0"}}}, "lab:vms:deb1:cloud:config is not read by cloud-init"),
        ({"ssh_keys": ["ssh-rsa"]}, "lab:vms:deb1:cloud:ssh_keys:0 is 'ssh-rsa'"),
        (
            {"user_data": {"write_files": [{"content": "-----BEGIN RSA PRIVATE KEY-----"}]}},
            "write_files:0:content has a",
        ),
        ({"user_data": {"users": [{"name": "a", "passwd": "$6$x"}]}}, "user_data:users:0:passwd can be fetched by"),
        ({"user_data": {"salt_minion": {"private_key": "x"}}}, "user_data:salt_minion:private_key can be fetched by"),
    ],
    ids=["a word of the other kind", "the other way", "no key", "a private key", "a password", "the minion's key"],
)
def test_a_mistake_is_told_by_its_path_and_a_secret_is_in_no_message(own, why):
    said = mistakes(own)

    assert why in said
    assert "BEGIN" not in said
    assert "$6$x" not in said


def test_a_kind_that_nobody_stated_and_a_host_that_does_not_serve_are_told():
    assert "lab:vms:deb1:cloud:kind is missing" in mistakes(classes={"deb": {"cloud": {"kind": None}}})
    assert "lab:vms:one:cloud is for images of kind disk" in mistakes(vms={"one": {"cloud": {"kind": "cloud-init"}}})
    lan = {"lan": {"netboot": False}}
    boots = {"web": {"boot": None}}
    assert "lab:vms:deb1:cloud is fetched in lan, where nobody serves it" in mistakes(networks=lan, classes=boots)


LEAVES = st.text(max_size=8) | st.integers() | st.booleans()
TREES = st.dictionaries(
    st.text(max_size=5), st.recursive(LEAVES, lambda x: st.lists(x, max_size=2), max_leaves=3), max_size=3
)
CARDS = st.tuples(
    st.sampled_from([None, "", "10.0.0.5/24"]), st.sampled_from([None, "10.0.0.1"]), st.integers(576, 9000)
)


@given(TREES, st.lists(CARDS, max_size=3), st.booleans())
def test_whatever_is_stated_comes_back_from_the_text(stated, cards, salt):
    cards = tuple(cloud.Card(f"52:54:00:00:00:{n:02x}", at, by, (), mtu) for n, (at, by, mtu) in enumerate(cards))
    machine = cloud.Machine("a", "u", "b.example", cards, (KEY,), {"id": "a"} if salt else None)
    texts = cloud.cloud_init(machine, stated)
    told = yaml.safe_load(texts["user-data"])

    assert all(told[key] == value for key, value in stated.items())
    assert len(yaml.safe_load(texts["network-config"])["ethernets"]) == len(cards)
    assert json.loads(cloud.ignition(machine, stated, "http://x/")["config.ign"])["ignition"]["version"] == "3.3.0"
