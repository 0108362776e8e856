"""The root file system, written into its partition without mounting it, the same each time."""

import os

from images.disk import layout
from images.root import EPOCH
from saltext.lab.command import run

BLOCK = 4096
SPARE_MIB = 128  #: for the journal, for inodes, and for what a first boot writes before it has grown
SEED = "6c616221-0000-4000-8000-0000000000ff"  #: of the hashes in directories


def mib(tree):
    """Return how large a file system has to be for *tree*."""
    blocks = sum(-(-path.lstat().st_size // BLOCK) + 1 for path in tree.rglob("*"))
    return blocks * BLOCK * 21 // 20 // (1 << 20) + SPARE_MIB


def make(disk, tree):
    """Write *tree* into the root partition of the file *disk*."""
    for path in [tree, *tree.rglob("*")]:
        seconds = min(int(path.lstat().st_mtime), int(EPOCH))
        os.utime(path, (seconds, seconds), follow_symlinks=False)
    extended = f"offset={layout.ROOT * layout.SECTOR},hash_seed={SEED},root_owner=0:0,nodiscard"
    size = _size(disk)
    env = os.environ | {"E2FSPROGS_FAKE_TIME": EPOCH}
    how = ("-t", "ext4", "-b", BLOCK, "-i", "16384", "-J", "size=32", "-L", "root", "-U", layout.IDS["fs"])
    run("mke2fs", "-q", "-F", *how, "-E", extended, "-d", tree, disk, size, timeout=900, env=env)
    _stamp(disk, env)


def _size(disk):
    sectors = disk.stat().st_size // layout.SECTOR - layout.ROOT - layout.END
    return sectors * layout.SECTOR // BLOCK


def _stamp(disk, env):
    # mke2fs 1.47.0 takes the times of the last change from the tree, where nobody can set them.
    where = f"{disk}?offset={layout.ROOT * layout.SECTOR}"
    counts = dict(
        line.split(":", 1) for line in run("debugfs", "-R", "show_super_stats -h", where).splitlines() if ":" in line
    )
    used = int(counts["Inode count"]) - int(counts["Free inodes"])
    numbers = [2, *range(11, used + 1)]
    run(
        "debugfs",
        "-w",
        "-f",
        "-",
        where,
        stdin="".join(f"sif <{n}> ctime @{EPOCH}\n" for n in numbers),
        timeout=600,
        env=env,
    )
