"""A machine boots only what the key of the image cache signed: real iPXE, GRUB and nginx, guests that have no disk."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

import images
from images import cache, sign
from images.check import check
from saltext.lab.netboot import ipxe
from saltext.lab.spec import derive
from saltext.lab.wait import until
from tests.support import guest, netboot

BOOT = 300  #: seconds; 30 to 40, two guests at a time on two busy cores
SIGNED = ("vmlinuz", "initrd-net.img")
HTTP = "http://10.77.0.1/images"


def leave(_folder):
    pass


def flip_a_bit_of_the_kernel(folder):
    flip_a_bit(folder / "vmlinuz")


def flip_a_bit_of_the_initrd(folder):
    flip_a_bit(folder / "initrd-net.img")


def flip_a_bit(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def sign_the_kernel_with_another_key(folder):
    sign.make(folder / "keys")
    sign.files(folder / "keys", folder / "vmlinuz")


def remove_the_signature_of_the_initrd(folder):
    (folder / "initrd-net.img.sig").unlink()


#: What was done to each image.
IMAGES = {
    "former": leave,
    "good": leave,
    "kernel": flip_a_bit_of_the_kernel,
    "initrd": flip_a_bit_of_the_initrd,
    "foreign": sign_the_kernel_with_another_key,
    "unsigned": remove_the_signature_of_the_initrd,
}
BOOTED, NOTHING = "SEES ", "lab: nothing to boot"
#: Name of a machine: its firmware, its image and the former one, and what its console says at the end.
MACHINES = {
    "http": ("http", "good", "former", BOOTED),
    "bios": ("bios", "kernel", "former", BOOTED),
    "efi": ("efi", "initrd", "former", BOOTED),
    "none": ("bios", "foreign", "unsigned", NOTHING),
}


def script(server, plan, own):
    """Return the script of iPXE that starts the plan at path *plan*, with *own* words that only the machine knows."""
    told = {224: server, 225: plan, 226: own}
    lines = [f"set net0/{number}:string {text}" for number, text in told.items()]
    start = "iseq ${platform} efi && chain /grub/lab.efi || chain /grub/lab.0"
    return "\n".join(["#!ipxe", *lines, start, ""])


def plan(**variables):
    """Return the plan that grub.cfg in images/grub reads."""
    lines = [f"{name}={value}" for name, value in variables.items()]
    return "\n".join(["# GRUB Environment Block", *lines, ""])


def mac(name):
    return derive.mac("boot", name, "lan")


def scripts():
    """Return the scripts and the plans of all machines, and the script that iPXE begins with."""
    own = "lab.id=${net0/mac:hexhyp} lab.ip=${net0/ip}/24"
    found = {"boot.ipxe": ipxe.first()}
    for name, (_, image, former, _) in MACHINES.items():
        found[ipxe.file(mac(name))] = script("10.77.0.1", f"/boot/lan/{name}.plan", own)
        found[f"{name}.plan"] = plan(
            **{"image": f"/images/{image}", "image_words": "lab.root=new", "initrd": "initrd-net.img"},
            **{"former": f"/images/{former}", "former_words": "lab.root=old", "words": "console=ttyS0"},
        )
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with GRUB and the images; on its wire are the machines."""
    home, image = tmp_path_factory.mktemp("srv"), tmp_path_factory.mktemp("image")
    guest.make(image)
    (image / "initrd.img").rename(image / "initrd-net.img")
    (image / "root.sqfs").write_bytes(b"")  # which this guest does not mount
    part = netboot.slice_of({"vms": {name: {"class": "web", "host": "srv"} for name in MACHINES}})
    part["nginx"]["boot"] = {"lan": scripts()}
    with netboot.wire("g") as wire:
        server = netboot.Server(wire.space, home)
        server.fill(image)
        shutil.copytree(images.build("grub"), home / "http/grub")
        for name, spoil in IMAGES.items():
            lay(image, home / "http/images" / name)
            spoil(home / "http/images" / name)
        server.put(part)
        with server.dnsmasq(), server.nginx():
            server.wire = wire
            yield server


def lay(image, folder):
    """Put kernel and initrd of *image* into *folder*, signed."""
    folder.mkdir()
    for name in SIGNED:
        shutil.copy(image / name, folder)
    sign.files(cache.keys(), *(folder / name for name in SIGNED))


@pytest.fixture(scope="module")
def console(server, tmp_path_factory):
    """Return a function: what the console of a machine said until its end.  All boot once, two at a time."""
    logs = tmp_path_factory.mktemp("logs")

    def boot(name):
        firmware, _, _, end = MACHINES[name]
        with netboot.guest(server.wire, name, mac(name), logs / name, firmware):
            return until(lambda: said(logs / name, end), BOOT, f"{end!r} of {name}")

    with ThreadPoolExecutor(2) as pool:
        booting = {name: pool.submit(boot, name) for name in MACHINES}
        yield lambda name: booting[name].result()


def said(log, words):
    text = log.read_text(errors="replace") if log.exists() else ""
    return words in text and text


def words_of(text):
    """Return the words of the kernel's command line."""
    return text.partition("Kernel command line: ")[2].splitlines()[0].split()


def test_a_signed_image_boots_and_is_told_who_the_machine_is(console):
    text = console("http")
    words = words_of(text)

    assert "lab.root=new" in words
    assert f"lab.id={mac('http').replace(':', '-')}" in words
    assert [word for word in words if word.startswith("lab.ip=10.77.0.")]
    assert "refused" not in text


@pytest.mark.parametrize(("name", "file"), [("bios", "kernel/vmlinuz"), ("efi", "initrd/initrd-net.img")])
def test_a_file_with_one_bit_flipped_is_refused_and_the_former_image_boots_and_is_told(console, name, file):
    text = console(name)
    words = words_of(text)

    assert "error: bad signature." in text
    assert f"lab: {HTTP}/{file} refused" in text
    assert "lab: going back to the former image" in text
    assert "lab.root=old" in words
    assert "lab.root=new" not in words
    assert [word for word in words if "refused" in word] == [f"lab.refused={HTTP}/{file}"]


def test_another_key_and_no_signature_are_refused_and_without_a_good_image_the_machine_boots_nothing(console):
    text = console("none")

    assert "error: public key " in text
    assert f"lab: {HTTP}/foreign/vmlinuz refused" in text
    assert "error: bad signature." in text  # as nginx answers that there is none
    assert f"lab: {HTTP}/unsigned/initrd-net.img refused" in text
    assert "Linux version" not in text


def test_grub_can_be_built_again_the_same():
    assert check("grub") == []
