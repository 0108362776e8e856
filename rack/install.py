"""What an administrator does once to a new machine: a name, an address, and a minion with a key that is known."""

import json
import shutil
from pathlib import Path

import jinja2
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from rack.place import CHECKOUT
from saltext.lab.admit.key import fingerprint
from saltext.lab.errors import Refused

PKI = "etc/salt/pki/minion"
LIBVIRTD = "etc/libvirt/libvirtd.conf"
LOCALHOST = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"


def disk(topology, host, at, image):
    """
    Make the disk of *host* in the directory *at*, unless it is there: an overlay on the root directory *image*.

    ``at/upper`` holds what differs from the image, ``at/image`` says which one.  Raises ``Refused`` when
    that image is gone, for the disk is of no use without it.
    """
    if at.exists():
        if not (at / "image").exists():
            why = f"it was installed on {(at / 'image').readlink()}, which is gone"
            raise Refused(f"the disk of {host.name} cannot be used", why, ".venv/bin/rack down, to lose the disks")
        return
    unfinished = at.with_name(f".{at.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    _fill(topology, host, unfinished / "upper", image)
    (unfinished / "image").symlink_to(image)
    unfinished.rename(at)


def enrol(host, at, record):
    """Write to *record* which minion key the *host* on disk *at* was installed with: ``{"id", "fingerprint"}``."""
    public = (at / "upper" / PKI / "minion.pub").read_bytes()
    record.write_text(json.dumps({"id": host.name, "fingerprint": fingerprint(public)}) + "\n")


def files(topology, host):
    """Return ``{path: text}`` of what is written to the disk of *host*; pure."""
    eth0, *uplinks = host.nics
    return {
        "etc/hostname": f"{host.name}\n",
        "etc/hosts": LOCALHOST + "".join(_known(one, topology.domain) for one in topology.hosts.values()),
        "etc/machine-id": f"{host.uuid.hex}\n",
        "etc/systemd/network/10-eth0.network": _network(eth0, f"Address={eth0.address}"),
        **{f"etc/systemd/network/10-{nic.name}.network": _network(nic, "LinkLocalAddressing=no") for nic in uplinks},
        "etc/salt/minion.d/lab.conf": _minion(host.slice),
        **({"etc/saltext-lab/seed.conf": _seed(topology)} if host.name == topology.physical else {}),
    }


def _seed(topology):
    """Return which lab the first master is to make itself the master of; see seed/minion."""
    return json.dumps({"lab": {"spec": topology.sls, "serves": ["physical"]}}) + "\n"


def _minion(part):
    """Return what the formula salt-minion would write, so that it has nothing to change, and no minion to restart."""
    template = (CHECKOUT / "salt/salt-minion/lab.conf.j2").read_text()
    return jinja2.Template(template, keep_trailing_newline=True).render(pillar={"lab": part})


def _known(host, domain):
    return f"{host.address} {host.name}.{domain} {host.name}\n"


def _network(nic, line):
    match, link = f"[Match]\nName={nic.name}\n", f"[Link]\nMTUBytes={nic.mtu}\nRequiredForOnline=no\n"
    return f"{match}\n{link}\n[Network]\n{line}\nIPv6AcceptRA=no\n"


def _fill(topology, host, upper, image):
    shutil.copystat(image, _folder(upper))
    for path, text in files(topology, host).items():
        _beside(upper, image, path).write_text(text)
    if (image / LIBVIRTD).exists():
        # No DMI here, so libvirt would call the host another uuid at each start; migration compares two hosts' uuids.
        text = (image / LIBVIRTD).read_text()
        _beside(upper, image, LIBVIRTD).write_text(f'{text}\nhost_uuid = "{host.uuid}"\n')
    _keys(_beside(upper, image, f"{PKI}/minion.pem"))


def _beside(upper, image, path):
    """Return *path* in *upper*, its directories made as they are in *image*: the upper one's mode is what counts."""
    for parent in reversed(Path(path).parents[:-1]):
        there = _folder(upper / parent)
        if (image / parent).exists():
            shutil.copystat(image / parent, there)
    return upper / path


def _folder(path):
    path.mkdir(mode=0o755, parents=True, exist_ok=True)
    return path


def _keys(private):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private.parent.chmod(0o700)
    private.touch(mode=0o400)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private.with_suffix(".pub").write_bytes(public)
