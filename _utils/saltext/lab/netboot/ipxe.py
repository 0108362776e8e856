"""What iPXE is told to do, as scripts (https://ipxe.org/scripting); names in them are relative to them.  Pure."""

LOCAL = "exit"  #: iPXE ends, and the firmware goes on with what it would boot next
INITRD = "initrd-net.img"
TRIES = 2  #: boots that a new version has to come up healthy in
#: The part of the command line that only the machine itself knows: it is named by its MAC.
UNKNOWN = {"id": "${net0/mac:hexhyp}", "ip": "${net0/ip}"}


def file(mac):
    """Return the name of the script of the machine with *mac*; iPXE writes it so with ``:hexhyp``."""
    return f"mac-{mac.replace(':', '-')}.ipxe"


def first(fallback="default.ipxe"):
    """Return the script that every machine begins with: its own, or *fallback* where it has none."""
    return _script(f"chain mac-${{net0/mac:hexhyp}}.ipxe || chain {fallback}")


def local():
    """Return the script of a machine that boots its own disk."""
    return _script(LOCAL)


def ram(image, versions, cmdline, told=None):
    """
    Return the script of a machine that boots *image*, a URL, in the first of *versions* that is right.

    *cmdline* goes on the kernel's command line, with where the root is and its hash.  Where *told* is a URL, the
    machine tells there how it comes up, and a version that did not in ``TRIES`` boots is left for the next.
    """
    lines = []
    for turn, one in enumerate(versions):
        healthy = _healthy(told, one.id, turn) if told else []
        lines += [f":version{turn}", *healthy, *_boot(image, versions[turn:], cmdline, told, turn)]
    return _script(*lines, f":version{len(versions)}", "echo lab: no version of this image is right", LOCAL)


def _healthy(told, version, turn):
    """Lines that skip *version* where it was tried often enough and never told that it is healthy."""
    return [
        "set try 1",
        f"imgfetch {told}/healthy-{version} && goto boot{turn} ||",
        *(f"imgfetch {told}/tried-{number}-{version} && set try {number + 1} ||" for number in range(1, TRIES)),
        f"imgfetch {told}/tried-{TRIES}-{version} && goto version{turn + 1} ||",
        f":boot{turn}",
        "imgfree",
    ]


def _boot(image, versions, cmdline, told, turn):
    """Lines that boot the first of *versions*, or go on with the next one's."""
    one, otherwise = versions[0], f"goto version{turn + 1}"
    words = [cmdline, *_roots(image, versions), *([f"lab.told={told}", f"lab.version={one.id}"] if told else [])]
    words += ["lab.try=${try}"] if told else []
    # EFI finds the initrd by the name in initrd=, BIOS does not need it.
    kernel = f"kernel {image}/{one.id}/vmlinuz initrd={INITRD} {' '.join(words)}"
    lines = [kernel, f"initrd {image}/{one.id}/{INITRD}", "boot"]
    return [f"{line} || {otherwise}" for line in lines]


def _roots(image, versions):
    """Words of the root and, where the same kernel can use it, of the former one (see images/ram/init)."""
    one, *others = versions
    roots = [("root", one), *(("root_b", other) for other in others[:1] if other.kernel == one.kernel)]
    return [
        word
        for name, of in roots
        for word in (
            f"lab.{name}={image}/{of.id}/root.sqfs",
            f"lab.{name}_sha256={of.sha256['root.sqfs']}",
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
