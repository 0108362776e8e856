"""The initramfs, made by Debian's own tool inside the root, as every newer kernel will have it made there."""

import os

from images.root import EPOCH
from saltext.lab.command import run


def make(tree):
    """Make the initramfs of the one kernel in *tree* anew, now that our files say what belongs into it."""
    env = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": EPOCH, "LC_ALL": "C.UTF-8"}
    run("chroot", tree, "update-initramfs", "-u", "-k", "all", timeout=300, env=env)
