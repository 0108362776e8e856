"""cloud-init's and Ignition's own validators take what the spec makes, and refuse what it would be with a mistake."""

import json

import pytest

from saltext.lab.netboot import cloud
from tests.support import validators
from tests.support.shelf import shelf
from tests.unit.test_spec_cloud import files

IGNITION = {"kind": "ignition", "user_data": None}
PLAIN = {"deb": {"cloud": {"user_data": None}}}
OWN = {
    "ignition": {"version": "3.3.0"},
    "storage": {"files": [{"path": "/etc/own", "contents": {"source": "data:,x"}}]},
}


def put(folder, found):
    for name, text in found.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    "own",
    [{}, {"salt": False, "ssh_keys": []}, {"user_data": {"write_files": [{"path": "/a", "content": "é\n"}]}}],
    ids=["all", "little", "more"],
)
def test_cloud_init_takes_its_user_data(tmp_path, own):
    put(tmp_path, files(own))

    assert validators.cloud_config(tmp_path / "user-data") == ""


def test_cloud_init_finds_and_fetches_it_by_the_serial_number(tmp_path):
    made = files()
    with shelf({name: text.encode() for name, text in made.items()}) as server:
        about, user, vendor = validators.seeded(cloud.seed(f"http://127.0.0.1:{server.server_port}/cloud/deb1/"))

    assert about["local-hostname"] == "deb1"
    assert (user, vendor) == (made["user-data"], "")


def test_cloud_init_refuses_what_is_none(tmp_path):
    put(tmp_path, files({"user_data": {"timezone": 3, "packages": "vim"}}))

    assert "timezone: 3 is not of type 'string'" in validators.cloud_config(tmp_path / "user-data")


@pytest.mark.parametrize("renderer", ["eni", "networkd", "netplan"])
@pytest.mark.parametrize("network", ["dhcp", "static"])
def test_cloud_init_makes_a_network_of_its_network_config(tmp_path, network, renderer):
    put(tmp_path, files({"network": network}))
    written = "".join(validators.network_config(tmp_path / "network-config", tmp_path / "out", renderer).values())

    assert ("10.77.0.40/24" in written) == (network == "static")
    assert ("dhcp" in written.lower().replace("dhcp4: false", "").replace("dhcp=no", "")) == (network == "dhcp")


@pytest.mark.parametrize("own", [{}, {"config": OWN}, {"network": "static"}, {"salt": False, "ssh_keys": []}])
def test_ignition_takes_its_config_and_the_pointer_to_it(tmp_path, own):
    put(tmp_path, files(IGNITION | own, classes=PLAIN) | {"pointer.ign": cloud.pointer("http://10.77.0.1/cloud/deb1/")})

    assert (tmp_path / "own.ign").exists() == ("config" in own)
    assert {validators.ignition(file) for file in tmp_path.glob("*.ign")} == {""}


def test_ignition_refuses_what_is_none(tmp_path):
    put(tmp_path, files(IGNITION, classes=PLAIN))
    config = json.loads((tmp_path / "config.ign").read_text())
    config["storage"]["files"][0]["path"] = "hostname"
    (tmp_path / "config.ign").write_text(json.dumps(config))

    assert "path not absolute" in validators.ignition(tmp_path / "config.ign")
