"""A secret of the spec that GPG encrypts: real keys, Salt's own renderer."""

import subprocess

import pytest
import salt.config

from saltext.lab.errors import BadWish
from saltext.lab.spec import source
from saltext.lab.spec.check import checked

HUSH = "hush-hush-hush"
SPEC = """#!jinja|yaml{pipe}
lab:
  name: t
  domain: t.example
  masters: {{physical: pi1, virtual: pi1}}
  networks: {{lan: {{subnet: 10.10.0.0/24}}}}
  hosts: {{pi1: {{mac: "52:54:00:00:01:01", address: lan+1}}}}
  secrets:
    client.libvirt:
      cluster: attic
      value: |-
        {value}
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    gpg(home, "--passphrase", "", "--quick-gen-key", "lab", "ed25519", "sign")
    [finger] = [line.split(":")[9] for line in gpg(home, "--list-keys", "--with-colons").splitlines() if "fpr" in line]
    gpg(home, "--passphrase", "", "--quick-add-key", finger, "cv25519", "encr")
    yield home
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=True)


def gpg(home, *words, given=None):
    call = ["gpg", "--homedir", home, "--batch", "--pinentry-mode", "loopback", *words]
    return subprocess.run(call, input=given, capture_output=True, text=True, check=True).stdout


def sealed(keys):
    text = gpg(keys, "--armor", "--trust-model", "always", "--encrypt", "-r", "lab", given=HUSH)
    return text.strip().replace("\n", "\n        ")


def spec(keys, root, pipe, value):
    (root / "mine.sls").write_text(SPEC.format(pipe=pipe, value=value))
    ours = {"file_client": "local", "cachedir": str(root), "extension_modules": str(root), "gpg_keydir": str(keys)}
    return source.render({**salt.config.DEFAULT_MINION_OPTS, **ours, "pillar_roots": {"base": [str(root)]}}, "mine")


def test_what_is_encrypted_is_no_mistake_and_comes_out_decrypted(keys, tmp_path):
    assert checked(spec(keys, tmp_path, "|gpg", sealed(keys))).secrets["client.libvirt"].value == HUSH


@pytest.mark.parametrize(
    ("pipe", "words"), [("|gpg", "is a secret in plain text"), ("", "is a secret in plain text")], ids=["gpg", "no gpg"]
)
def test_what_is_not_encrypted_is_told_with_its_line_and_without_its_value(keys, tmp_path, pipe, words):
    with pytest.raises(BadWish) as caught:
        checked(spec(keys, tmp_path, pipe, HUSH))

    assert f"pillar/mine.sls:11 lab:secrets:client.libvirt:value {words}" in str(caught.value)
    assert HUSH not in str(caught.value)
    assert [one.wrong for one in caught.value.mistakes] == [None]


def test_what_nobody_decrypts_is_told(keys, tmp_path):
    with pytest.raises(BadWish, match="lab:secrets:client.libvirt:value is encrypted, and nobody decrypts it"):
        checked(spec(keys, tmp_path, "", sealed(keys)))
