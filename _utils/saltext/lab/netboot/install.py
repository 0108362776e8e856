"""
What a machine boots that is installed once: the installer until it has told that it is done, then its own disk.  Pure.

Which installation is asked for is a number, its generation: 1, unless somebody asked for another one.  A server that
has lost what was asked and told erases nothing: the installer looks at the disk (images/installer/init).
"""

import re

from saltext.lab.errors import BadWish, Refused
from saltext.lab.netboot import ipxe

FIRST = 1
ARCHIVE = "disk.raw.gz"  #: what the installer writes
ASKED = re.compile(r"^set generation ([1-9][0-9]*)$", re.MULTILINE)
TOLD = re.compile(r"^installed-([1-9][0-9]*)$")
TEXT = """\
#!ipxe
set generation {first}
chain --autofree /ask/{ask} ||
imgfetch --name told /told/${{net0/ip}}/installed-${{generation}} && goto local ||
kernel {installer}/vmlinuz initrd=initrd.img {words} lab.install=${{generation}}
initrd {installer}/initrd.img
boot
:local
imgfree told
{local}
"""


def script(mac, installer, words):
    """
    Return the script of the machine with *mac*; *installer* is the URL of that image, *words* the kernel command line.

    Every image that is left becomes a part of the initrd where the firmware is a BIOS, so what was asked is freed.
    Where the server cannot say what was asked or told, the installer finds out by the disk, and writes nothing.
    """
    return TEXT.format(first=FIRST, ask=ipxe.file(mac), installer=installer, words=words, local=ipxe.LOCAL)


def words(lab, mac, disk, image, digest):
    """
    Return what the installer is told besides who the machine is: ``{word: value}``.

    *disk* is ``{"serial" or "wwn" or "name": …, "size_gib": … or None}``, *image* the URL of an archive with *digest*.
    """
    kind, value = next((kind, disk[kind]) for kind in ("serial", "wwn", "name") if disk.get(kind))
    told = {"name": lab, "mac": mac, "disk": f"{kind}:{value.replace(' ', '')}", "disk_gib": disk.get("size_gib")}
    told |= {"image": image, "image_sha256": digest}
    return {word: value for word, value in told.items() if value is not None}


def ask(generation):
    """Return the script that says that *generation* is asked for."""
    return f"#!ipxe\nset generation {generation}\n"


def asked(text):
    """Return the generation that *text*, made by ``ask``, asks for; the first one where there is no text."""
    if text is None:
        return FIRST
    if not (found := ASKED.search(text)):
        raise BadWish("what is asked for cannot be read", text, "remove that file; no disk is written for it")
    return int(found[1])


def done(names):
    """Return the newest generation that a machine has told of by files with *names*, or None."""
    return max((int(found[1]) for name in names if (found := TOLD.match(name))), default=None)


def again(node, asked, done):
    """Return the generation to ask for; raises ``Refused`` while what is *asked* for is not *done*."""
    if done is None or done < asked:
        why = f"generation {asked} is asked for, and {f'{done} is installed' if done else 'none was told of'}"
        raise Refused(f"{node} is not asked to be installed again", why, f"boot {node}, and look at its console")
    return done + 1
