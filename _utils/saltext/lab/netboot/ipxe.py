"""What iPXE is told to do, as scripts (https://ipxe.org/scripting); names in them are relative to them.  Pure."""

from typing import NamedTuple

from saltext.lab.netboot import grub
from saltext.lab.netboot.versions import Version

LOCAL = "exit"  #: iPXE ends, and the firmware goes on with what it would boot next
INITRD = "initrd-net.img"
TRIES = 2  #: boots that a new version has to come up healthy in
#: The part of the command line that only the machine itself knows: it is named by its MAC.
OWN = "${net0/ip}"
UNKNOWN = {"id": "${net0/mac:hexhyp}", "ip": OWN}


def file(mac):
    """Return the name of the script of the machine with *mac*; iPXE writes it so with ``:hexhyp``."""
    return f"mac-{mac.replace(':', '-')}.ipxe"


def first(fallback="default.ipxe"):
    """Return the script that every machine begins with: its own, or *fallback* where it has none."""
    return _script(f"chain mac-${{net0/mac:hexhyp}}.ipxe || chain {fallback}")


def local():
    """Return the script of a machine that boots its own disk."""
    return _script(LOCAL)


class Ram(NamedTuple):
    """A machine that boots an image into memory: one of *versions*, the first that is right."""

    site: str  #: address of the HTTP server
    image: str
    versions: list[Version]
    words: list[str]  #: for the kernel's command line; iPXE completes those with ``${`` in them
    told: bool = False  #: the machine tells how each version comes up

    def script(self, plans=None):
        """
        Return the script; it starts GRUB with one of *plans*, their path without ``-TURN.plan``, where that is stated.

        A version that did not come up healthy in ``TRIES`` boots is left for the next.
        """
        lines = []
        for turn in range(len(self.versions)):
            boot = self._verified(turn, plans) if plans else self._boot(turn)
            lines += [f":version{turn}", *(self._healthy(turn) if self.told else []), *boot]
        return _script(*lines, f":version{len(self.versions)}", "echo lab: no version of this image is right", LOCAL)

    def plans(self):
        """Return the text of each turn's plan for GRUB."""
        own = self.versions, [word for word in self.words if "${" not in word]
        return [
            grub.plan([self.plain(at) for at in (turn, turn + 1) if at < len(own[0])], own[1], INITRD)
            for turn in range(len(own[0]))
        ]

    def _healthy(self, turn):
        """Lines that skip a version where it was tried often enough and never told that it is healthy."""
        version, told = self.versions[turn].id, f"http://{self.site}/told/{OWN}"
        return [
            "set try 1",
            f"imgfetch {told}/healthy-{version} && goto boot{turn} ||",
            *(f"imgfetch {told}/tried-{number}-{version} && set try {number + 1} ||" for number in range(1, TRIES)),
            f"imgfetch {told}/tried-{TRIES}-{version} && goto version{turn + 1} ||",
            f":boot{turn}",
            "imgfree",
        ]

    def _boot(self, turn):
        """Lines that boot a version, or go on with the next."""
        at = self._at(turn)
        words = [*self.words, *self._roots(turn), *self._tells(turn)]
        # EFI finds the initrd by the name in initrd=, BIOS does not need it.
        kernel = f"kernel {at}/vmlinuz initrd={INITRD} {' '.join(words)}"
        return [f"{line} || goto version{turn + 1}" for line in (kernel, f"initrd {at}/{INITRD}", "boot")]

    def _verified(self, turn, plans):
        own = [word for word in (*self.words, *self._tells(turn)) if "${" in word]
        return grub.start(self.site, f"{plans}-{turn}.plan", own)

    def plain(self, turn):
        """Return where a version is on the site, and its words for a loader that completes none."""
        words = (*self._roots(turn), *self._tells(turn))
        return self._at(turn).removeprefix(f"http://{self.site}"), [word for word in words if "${" not in word]

    def _at(self, turn):
        return f"http://{self.site}/images/{self.image}/{self.versions[turn].id}"

    def _tells(self, turn):
        told = [f"lab.told=http://{self.site}/told/{OWN}", f"lab.version={self.versions[turn].id}", "lab.try=${try}"]
        return told if self.told else []

    def _roots(self, turn):
        """Words of the root and, where the same kernel can use it, of the former one (see images/ram/init)."""
        one, *others = self.versions[turn:]
        roots = [("root", turn), *(("root_b", turn + 1) for other in others[:1] if other.kernel == one.kernel)]
        return [
            word
            for name, at in roots
            for word in (
                f"lab.{name}={self._at(at)}/root.sqfs",
                f"lab.{name}_sha256={self.versions[at].sha256['root.sqfs']}",
            )
        ]


def menu(title, classes, default, seconds):
    """Return the script of a machine that nobody named: after *seconds* it boots *default*, a class or None."""
    items = [f"item {name} class {name}" for name in classes]
    chosen = f"choose --timeout {seconds * 1000} --default {default or 'local'} what || goto local"
    jump = "iseq ${what} local && goto local ||"
    return _script(f"menu {title}", "item local its own disk", *items, chosen, jump, *_chain())


def _chain():
    return "chain class-${what}.ipxe", ":local", LOCAL


def _script(*lines):
    return "\n".join(["#!ipxe", *lines, ""])
