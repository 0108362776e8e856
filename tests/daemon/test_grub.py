"""A machine boots only what the key of the image cache signed: real iPXE, GRUB and nginx, a guest that has no disk."""

import shutil

import pytest

import images
from images import cache, sign
from saltext.lab.netboot import ipxe
from saltext.lab.spec import derive
from saltext.lab.wait import until
from tests.support import guest, netboot

BOOT = 150  #: seconds; 9 for BIOS, 20 for UEFI by HTTP on two busy cores
SIGNED = ("vmlinuz", "initrd.img")


def flip_a_bit(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def sign_with_another_key(file):
    keys = file.parent / "keys"
    sign.make(keys)
    sign.files(keys, file)


def remove_the_signature(file):
    file.with_name(f"{file.name}.sig").unlink()


def leave(_file):
    pass


#: Name of a machine: what was done to which file of its image, and what GRUB says to that.
CASES = {
    "kernel": (flip_a_bit, "vmlinuz", "bad signature"),
    "initrd": (flip_a_bit, "initrd.img", "bad signature"),
    "foreign": (sign_with_another_key, "vmlinuz", "public key"),
    "unsigned": (remove_the_signature, "initrd.img", "initrd.img.sig' not found"),
}
FIRMWARE = {"efi": (flip_a_bit, "vmlinuz", "bad signature"), "http": (flip_a_bit, "initrd.img", "bad signature")}
GOOD = {"good": (leave, "vmlinuz", "")}
BOTH = {"both": (flip_a_bit, "vmlinuz", "bad signature")}
ALL = {**CASES, **FIRMWARE, **GOOD, **BOTH}


def script(server, plan, own):
    """Return the script of iPXE that starts the plan at path *plan*, with *own* words that only the machine knows."""
    told = {224: server, 225: plan, 226: own}
    lines = [f"set net0/{number}:string {text}" for number, text in told.items()]
    start = "iseq ${platform} efi && chain /grub/lab.efi || chain /grub/lab.0"
    return "\n".join(["#!ipxe", *lines, start, ""])


def plan(**variables):
    """Return the plan that is read by grub.cfg in images/grub."""
    lines = [f"{name}={value}" for name, value in variables.items()]
    return "\n".join(["# GRUB Environment Block", *lines, ""])


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image")
    guest.make(folder)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory, image):
    """A server with GRUB, a good image ``former``, and for each machine an image of its own, which is its current."""
    part = netboot.slice_of({"vms": {name: {"class": "web", "host": "srv"} for name in ALL}})
    with netboot.wire("g") as wire:
        server = netboot.Server(wire.space, tmp_path_factory.mktemp("srv"))
        server.fill(image)
        shutil.copytree(images.build("grub"), server.home / "http/grub")
        lay(image, server.home / "http/images/former")
        server.put(part | {"nginx": part["nginx"] | {"boot": {"lan": {"boot.ipxe": ipxe.first(), **scripts()}}}})
        with server.dnsmasq(), server.nginx():
            server.wire = wire
            yield server


def lay(image, folder):
    """Put kernel and initrd of *image* into *folder*, signed."""
    folder.mkdir()
    for name in SIGNED:
        shutil.copy(image / name, folder)
    sign.files(cache.keys(), *(folder / name for name in SIGNED))


def scripts():
    own = "lab.id=${net0/mac:hexhyp} lab.ip=${net0/ip}/24"
    found = {ipxe.file(mac(name)): script("10.77.0.1", f"/boot/lan/{name}.plan", own) for name in ALL}
    for name in ALL:
        found[f"{name}.plan"] = plan(
            image=f"/images/{name}",
            image_words="lab.root=new",
            former="/images/bad" if name == "both" else "/images/former",
            former_words="lab.root=old",
            words="console=ttyS0",
            initrd="initrd.img",
        )
    return found


def mac(name):
    return derive.mac("boot", name, "lan")


@pytest.fixture
def boots(site, image, tmp_path):
    """Return a function that boots machine *name*, after its image was spoilt, until its console says *words*."""

    def boots(name, words, firmware="bios"):
        folder, log = site.home / "http/images" / name, tmp_path / "console"
        spoil, file, _ = ALL[name]
        lay(image, folder)
        spoil(folder / file)
        with netboot.guest(site.wire, name, mac(name), log, firmware):
            return until(lambda: said(log, words), BOOT, words)

    return boots


def said(log, words):
    text = log.read_text(errors="replace") if log.exists() else ""
    return words in text and text


def kernel_words(text):
    """Return the kernel's own command line on the console."""
    return text.partition("Kernel command line: ")[2].splitlines()[0].split()


def test_a_signed_image_boots_and_is_told_who_the_machine_is(boots):
    words = kernel_words(boots("good", "SEES "))

    assert "lab.root=new" in words
    assert f"lab.id={mac('good').replace(':', '-')}" in words
    assert [word for word in words if word.startswith("lab.ip=10.77.0.")]
    assert not [word for word in words if word.startswith("lab.refused")]


@pytest.mark.parametrize("name", CASES)
def test_what_our_key_did_not_sign_is_refused_and_the_former_image_boots(boots, name):
    refused_and_the_former_boots(boots, name, "bios")


@pytest.mark.parametrize("firmware", FIRMWARE)
def test_so_it_is_under_uefi(boots, firmware):
    refused_and_the_former_boots(boots, firmware, firmware)


def refused_and_the_former_boots(boots, name, firmware):
    _, file, why = ALL[name]
    url = f"http://10.77.0.1/images/{name}/{file}"
    text = boots(name, "SEES ", firmware)
    words = kernel_words(text)

    assert why in text
    assert f"lab: {url} refused" in text
    assert "lab: going back to the former image" in text
    assert "lab.root=old" in words
    assert "lab.root=new" not in words
    assert f"lab.refused={url}" in words


def test_where_the_former_image_is_refused_too_the_machine_boots_nothing(boots, site, image):
    lay(image, site.home / "http/images/bad")
    flip_a_bit(site.home / "http/images/bad/initrd.img")
    text = boots("both", "nothing to boot, starts again in 120 s")

    assert "lab: http://10.77.0.1/images/both/vmlinuz refused" in text
    assert "lab: http://10.77.0.1/images/bad/initrd.img refused" in text
    assert "Linux version" not in text
