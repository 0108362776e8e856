"""What iPXE is told to do, as scripts (https://ipxe.org/scripting); names in them are relative to them.  Pure."""

LOCAL = "exit"  #: iPXE ends, and the firmware goes on with what it would boot next
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


def ram(image, cmdline):
    """Return the script of a machine that boots *image*, a URL, with the kernel command line *cmdline*."""
    # EFI finds the initrd by the name in initrd=, BIOS does not need it.
    return _script(f"kernel {image}/vmlinuz initrd=initrd.img {cmdline}", f"initrd {image}/initrd.img", "boot")


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
