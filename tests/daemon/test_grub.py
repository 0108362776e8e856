"""A machine boots only what the key of the image cache signed: real iPXE, GRUB and nginx, guests that have no disk."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

import images
from images import cache, sign
from images.check import check
from saltext.lab.netboot.versions import Stock
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


#: What was done to the current version of each image, and to the former one.
IMAGES = {
    "good": (leave, leave),
    "kernel": (flip_a_bit_of_the_kernel, leave),
    "initrd": (flip_a_bit_of_the_initrd, leave),
    "bad": (sign_the_kernel_with_another_key, remove_the_signature_of_the_initrd),
}
BOOTED, NOTHING = "SEES ", "lab: nothing to boot"
#: Name of a machine, which is that of its image: its firmware, and what its console says at the end.
MACHINES = {"good": ("http", BOOTED), "kernel": ("bios", BOOTED), "initrd": ("efi", BOOTED), "bad": ("bios", NOTHING)}
NEW, FORMER = "1" * 12, "2" * 12
LAB = {
    "images": {name: {"kind": "ram"} for name in IMAGES},
    "classes": {name: {"image": name, "nics": ["lan"], "boot": "ram"} for name in IMAGES},
    "vms": {name: {"class": name, "host": "srv"} for name in IMAGES},
    "netboot": {"verify": True},
}


def mac(name):
    return derive.mac("boot", name, "lan")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with GRUB and the images; on its wire are the machines."""
    home, image = tmp_path_factory.mktemp("srv"), tmp_path_factory.mktemp("image")
    guest.make(image)
    (image / "initrd.img").rename(image / "initrd-net.img")
    (image / "root.sqfs").write_bytes(b"")  # which this guest does not mount
    with netboot.wire("g") as wire:
        server = netboot.Server(wire.space, home)
        both = [server.fill(image)._replace(id=NEW), server.fill(image)._replace(id=FORMER, kernel="another")]
        shutil.copytree(images.build("grub"), home / "http/grub")
        for name, spoil in IMAGES.items():
            for one, how in zip((NEW, FORMER), spoil, strict=True):
                lay(image, home / "http/images" / name / one)
                how(home / "http/images" / name / one)
        server.put(netboot.slice_of(LAB, stock=Stock(dict.fromkeys(IMAGES, both))))
        with server.dnsmasq(), server.nginx():
            server.wire = wire
            yield server


def lay(image, folder):
    """Put kernel and initrd of *image* into *folder*, signed."""
    folder.mkdir(parents=True)
    for name in SIGNED:
        shutil.copy(image / name, folder)
    sign.files(cache.keys(), *(folder / name for name in SIGNED))


@pytest.fixture(scope="module")
def console(server, tmp_path_factory):
    """Return a function: what the console of a machine said until its end.  All boot once, two at a time."""
    logs = tmp_path_factory.mktemp("logs")

    def boot(name):
        firmware, end = MACHINES[name]
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
    return text.partition("WORDS ")[2].splitlines()[0].split()


def test_a_signed_image_boots_and_is_told_who_the_machine_is_and_where_to_tell(console, server):
    text = console("good")
    words = words_of(text)

    assert f"lab.root={HTTP}/good/{NEW}/root.sqfs" in words
    assert {"lab.id=good", f"lab.version={NEW}", "lab.try=1"} <= set(words)
    assert [word for word in words if word.startswith("lab.told=http://10.77.0.1/told/10.77.0.")]
    assert "refused" not in text


@pytest.mark.parametrize(("name", "file"), [("kernel", "vmlinuz"), ("initrd", "initrd-net.img")])
def test_a_file_with_one_bit_flipped_is_refused_and_the_former_version_boots_and_is_told(console, name, file):
    text = console(name)
    words = words_of(text)

    assert "error: bad signature." in text
    assert f"lab: {HTTP}/{name}/{NEW}/{file} refused" in text
    assert "lab: going back to the former image" in text
    assert f"lab.root={HTTP}/{name}/{FORMER}/root.sqfs" in words
    assert [word for word in words if NEW in word] == [f"lab.refused={HTTP}/{name}/{NEW}/{file}"]


def test_another_key_and_no_signature_are_refused_and_without_a_good_version_the_machine_boots_nothing(console):
    text = console("bad")

    assert "error: public key " in text
    assert f"lab: {HTTP}/bad/{NEW}/vmlinuz refused" in text
    assert "error: bad signature." in text  # as nginx answers that there is none
    assert f"lab: {HTTP}/bad/{FORMER}/initrd-net.img refused" in text
    assert "WORDS" not in text


def test_grub_can_be_built_again_the_same():
    assert check("grub") == []
