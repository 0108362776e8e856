"""An overlay of Debian packages: what installing them adds to the root of the image ``ram``."""

import os
from pathlib import Path

from images import cache, root
from images.build import build, workshop
from saltext.lab.command import run
from saltext.lab.errors import BadWish
from saltext.lab.images import bring, layers, overlay

ACCOUNTS = ("etc/shadow", "etc/shadow-", "etc/gshadow", "etc/gshadow-")
#: What maintainer scripts are told that would start a daemon: no (see invoke-rc.d(8)).
NO_STARTS = "#!/bin/sh\nexit 101\n"


def make(name, packages, home=bring.HOME):
    """
    Make the overlay ``NAME.tar.gz`` of *packages*, a list, in directory *home*; return what ``NAME.json`` says of it.

    What they need and the image lacks comes with them, and dpkg knows of all.  The same packages make the same
    archive.  Raises ``Refused`` with the words of apt or dpkg, ``NotSafe`` where a package makes a secret.
    """
    bring.named(name)
    image = build("ram")
    with cache.lock("overlay"), workshop(cache.home() / ".overlay.work") as work:
        base, tree = work / "base", work / "tree"
        run("unsquashfs", "-quiet", "-no-progress", "-dest", base, image / "root.sqfs", timeout=300)
        run("cp", "--archive", base, tree, timeout=300)
        added = _install(tree, _fetch(tree, packages, work))
        root.tidy(tree)
        take = [name for name in layers.differing(["/"], tree, base)[0] if not name.startswith("run/")]
        made = overlay.pack(tree, take, work / "overlay.tar.gz", _public(tree, added))
        told = made | {"from": image.name, "packages": added}
        bring.keep(Path(home), name, [(work / "overlay.tar.gz").read_bytes()], told)
    return told


def _public(tree, added):
    """Return the names of what everybody has: files of packages, and accounts while none has a password."""
    lists = [tree / f"var/lib/dpkg/info/{package}.list" for package in added]
    lists += [found for package in added for found in tree.glob(f"var/lib/dpkg/info/{package}:*.list")]
    shipped = {line.lstrip("/") for file in lists if file.exists() for line in file.read_text().splitlines()}
    accounts = [name for name in ACCOUNTS if (tree / name).exists() and ":$" not in (tree / name).read_text()]
    return shipped | set(accounts)


def _fetch(tree, packages, work):
    """Return the archives of *packages* and of what they need besides what *tree* has; the lists of apt are its own."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True)
    where = {"State::status": tree / "var/lib/dpkg/status", "State::lists": work / "lists", "Cache": work / "cache"}
    own = [f"-oDir::{key}={path}" for key, path in where.items()]
    own += ["-oAPT::Sandbox::User=root", "-oAPT::Install-Recommends=false", "--quiet", "--yes"]
    run("apt-get", *own, "update", timeout=300)
    run("apt-get", *own, "--download-only", "install", *packages, timeout=600)
    if not (found := sorted((work / "cache/archives").glob("*.deb"))):
        raise BadWish(f"the image ram has {', '.join(packages)} already", "", "name what it lacks")
    return found


def _install(tree, archives):
    """Install *archives* in *tree*; return ``{package: version}`` of them."""
    policy = tree / "usr/sbin/policy-rc.d"
    policy.write_text(NO_STARTS)
    policy.chmod(0o755)
    how = [f"--path-exclude=/usr/share/{docs}/*" for docs in root.DOCS]
    told = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", "SOURCE_DATE_EPOCH": root.EPOCH}
    run("dpkg", f"--root={tree}", "--force-unsafe-io", *how, "--install", *archives, timeout=900, env=os.environ | told)
    policy.unlink()
    fields = ("dpkg-deb", "--show", "--showformat", "${Package} ${Version}")
    return dict(run(*fields, archive).split() for archive in archives)
