"""A small Debian root directory: packages by mmdebstrap, then our files, then everything out that nobody needs."""

import os
import shutil

from saltext.lab.command import run

SUITE = "bookworm"
EPOCH = "1748736000"  # every image is from 2025-06-01, so that two builds differ only where their packages do
MERGED = "/usr/share/mmdebstrap/hooks/merged-usr"  # else usrmerge brings 50 MB of Perl to do this once
DOCS = ("man", "doc", "locale", "info", "lintian", "bash-completion", "bug")
LITTER = (
    "etc/hostname",
    "etc/resolv.conf",
    "var/cache/apt/*.bin",
    "var/cache/apt/archives/*.deb",
    "var/cache/debconf/*-old",
    "var/cache/ldconfig/aux-cache",
    "var/lib/apt/lists/*",
    "var/lib/dbus/machine-id",
    "var/lib/dpkg/*-old",
    "var/log/**/*.log",
    "var/log/[bfw]tmp",
    "var/log/lastlog",
    "var/log/faillog",
)


def make(root, recipe):
    """
    Make directory *root* from *recipe*, a directory with ``packages.txt`` and ``files/`` in it.

    No mount outlives this: mmdebstrap mounts in a namespace of its own.  Raises ``Refused`` with apt's words.
    """
    run(
        *("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--format=directory"),
        *("--include=usr-is-merged", f"--hook-dir={MERGED}"),
        *(f"--include={package}" for package in lines(recipe / "packages.txt")),
        *("--aptopt=APT::Install-Recommends false", "--dpkgopt=force-unsafe-io"),
        *(f"--dpkgopt=path-exclude=/usr/share/{docs}/*" for docs in DOCS),
        *(SUITE, root),
        timeout=1800,
        env=os.environ | {"SOURCE_DATE_EPOCH": EPOCH},
    )
    copy(recipe / "files", root)


def lines(file):
    """Return the lines of text *file* without comments and blank ones."""
    return [line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def copy(tree, root):
    """Copy *tree* over *root*; modes are 0755 and 0644 whatever the umask of whoever checked it out."""
    for source in sorted(tree.rglob("*")):
        target = root / source.relative_to(tree)
        if source.is_dir() and not source.is_symlink():
            target.mkdir(mode=0o755, exist_ok=True)
        elif source.name != ".gitkeep":
            target.unlink(missing_ok=True)
            shutil.copy(source, target, follow_symlinks=False)
            if not source.is_symlink():
                target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def prune(root, patterns):
    """Remove from *root* all that matches one of the glob *patterns*."""
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def tidy(root):
    """Remove what is left of the building of *root*, and its identity: each boot gets a name of its own."""
    prune(root, LITTER)
    (root / "etc/machine-id").write_text("")


def systemd(root, masked):
    """Mask the units *masked* below *root*, enable others by preset, and have no boot be the first one."""
    run("systemctl", f"--root={root}", "mask", "--quiet", *masked)
    run("systemctl", f"--root={root}", "preset-all", "--quiet")
    run("systemctl", f"--root={root}", "set-default", "--quiet", "multi-user.target")
    for updated in ("etc/.updated", "var/.updated"):  # else each boot rebuilds ld's cache
        (root / updated).touch()
