"""No private key is anywhere but with its owner: looked for by its own lines, after all that the other tests did."""

import json
import re
import subprocess

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from saltext.lab.admit.key import fingerprint

HOSTS = ("pi1", "pi2", "nb1", "hv1", "hv2")
VMS = {"web1": "hv1", "web2": "hv1", "web3": "hv2"}
PUBLIC_LINES = 7  #: the first lines of a private key of 2048 bits hold what its public key does
PLANTED = "/var/log/planted.log"
#: Prints where one of the lines on standard input is: they are in no argument and no file, and not in this text.
SEARCH = r"""
lines=$(cat)
look() {
  grep -lasF -D skip -f /dev/fd/3 "$@" 3<<END
$lines
END
}
hear() {
  "$@" 2>/dev/null | look - >/dev/null && echo "$*"
}
look -r /etc/libvirt /etc/salt/master.d /etc/salt/minion.d /etc/saltext-lab /run /srv/lab/pillar /tmp /var/cache/salt \
  /var/lib/libvirt /var/lib/saltext-lab /var/log /var/tmp
look /proc/[0-9]*/cmdline /proc/[0-9]*/environ
hear dmesg
hear journalctl --no-pager --all --output=export
for domain in $(virsh list --all --name 2>/dev/null); do hear virsh dumpxml --security-info "$domain"; done
true
"""
#: Prints the private keys in the memory of a guest: Salt would keep what it is asked for in its job cache.
DUMP = r"""
trap 'rm -f /var/tmp/guest.core' EXIT
virsh --quiet dump --memory-only "$1" /var/tmp/guest.core
export LC_ALL=C
grep -a -A 40 -e '-----BEGIN RSA PRIVATE KEY-----' /var/tmp/guest.core |
  grep -aoE -e '-----BEGIN RSA PRIVATE KEY-----$|^[A-Za-z0-9+/=]{1,64}$|^-----END RSA PRIVATE KEY-----'
"""
PEM = re.compile(r"-----BEGIN RSA PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END RSA PRIVATE KEY-----")
PILLARS = """
import json, sys, salt.config, salt.pillar
opts = salt.config.master_config("/etc/salt/master")
held = {one: salt.pillar.Pillar(opts, {"id": one}, one, "base", ext=None).compile_pillar() for one in sys.argv[1:]}
print(json.dumps(held, default=str))
"""


@pytest.fixture(scope="module")
def keys(lab):
    """``{owner: private key}`` of every guest, host and master, in PEM."""
    found = {host: lab.run(host, "cat", "/etc/salt/pki/minion/minion.pem").stdout for host in HOSTS}
    found |= {f"master {one}": lab.run(one, "cat", "/etc/salt/pki/master/master.pem").stdout for one in ("pi1", "pi2")}
    return found | {vm: _of_guest(lab, vm, host) for vm, host in VMS.items()}


@pytest.fixture(scope="module")
def lines(keys):
    """Lines of those keys that tell a secret, and nothing that is in a public key."""
    split = {
        owner: [line for line in pem.splitlines() if len(line) == 64][PUBLIC_LINES:] for owner, pem in keys.items()
    }
    assert all(len(secret) > 10 for secret in split.values())
    return [line for secret in split.values() for line in secret]


@pytest.fixture(scope="module")
def search(lab, lines):
    """A function that returns where on *host* one of the lines is."""

    def search(host):
        return _told(lab, host, SEARCH, "\n".join(lines)).splitlines()

    return search


def _of_guest(lab, vm, host):
    accepted = fingerprint(lab.run("pi2", "cat", f"/etc/salt/pki/master/minions/{vm}").stdout)
    found = PEM.findall(lab.run(host, "sh", "-c", DUMP, "sh", vm).stdout)
    own = [pem for pem in found if _public(pem) == accepted]
    assert own, f"{len(found)} private keys in the memory of {vm}, none of them its own"
    return own[0]


def _public(pem):
    try:
        key = load_pem_private_key(pem.encode(), None).public_key()
    except ValueError:  # what is left of another one
        return None
    return fingerprint(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _told(lab, host, script, words):
    argv, env = lab._command(["run", host, "--", "sh", "-c", script])
    done = subprocess.run(argv, env=env, input=words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_key_in_a_log_is_found(lab, lines, search):
    _told(lab, "pi1", f"cat >{PLANTED}", f"a minion says: {lines[-1]}\n")
    try:
        assert search("pi1") == [PLANTED]
    finally:
        lab.run("pi1", "rm", PLANTED)


@pytest.mark.parametrize("host", HOSTS)
def test_no_file_log_cache_process_or_domain_of_a_host_holds_one(search, host):
    assert search(host) == []


def test_no_hypervisor_keeps_the_key_of_a_guest_that_runs(lab):
    for host in set(VMS.values()):
        kept = lab.run(host, "find", "/var/lib/saltext-lab/identities", "-name", "*.pem").stdout
        assert kept == ""


@pytest.mark.parametrize("vm", VMS)
def test_no_guest_tells_of_its_own(lab, lines, vm):
    told = lab.salt("pi2", vm, "cmd.run", "dmesg; cat /proc/cmdline; cat /var/log/salt/minion")

    assert [line for line in lines if line in told] == []


@pytest.mark.parametrize("master", ["pi1", "pi2"])
def test_no_pillar_holds_one(lab, lines, master):
    python = ["env", "PYTHONPATH=/srv/lab/_utils", "/opt/salt/bin/python3", "-c", PILLARS]
    told = lab.run(master, *python, *HOSTS, *VMS).stdout
    served = {one for one, held in json.loads(told).items() if held}

    assert served == set(HOSTS if master == "pi1" else VMS)
    assert [line for line in lines if line in told] == []
