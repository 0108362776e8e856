"""
What the GRUB of the image ``grub`` is told, which boots only kernels and initrds that the image cache's key signed.

iPXE starts it, and hands it DHCP options of its own (see images/grub/grub.cfg).  Pure.
"""


def start(server, plan, own):
    """Return the lines of iPXE that start GRUB from *server* with the file *plan* there; *own* words iPXE completes."""
    options = {224: server, 225: plan, 226: " ".join(own)}
    chain = f"chain http://{server}/grub/lab"
    return [
        *(f"set net0/{number}:string {text}" for number, text in options.items()),
        f"iseq ${{platform}} efi && {chain}.efi || {chain}.0",
    ]


def plan(versions, words, initrd):
    """
    Return the plan that boots the first of *versions*, ``[(path, its words)]``, that is signed, of at most two.

    *words* are for the kernel of either.
    """
    told = {"words": " ".join(words), "initrd": initrd}
    for name, (path, own) in zip(("image", "former"), versions, strict=False):
        told |= {name: path, f"{name}_words": " ".join(own)}
    return "\n".join(["# GRUB Environment Block", *(f"{name}={value}" for name, value in told.items()), ""])
