"""Salt in a virtual environment inside a root directory, compiled once for all boots."""

import sys

from saltext.lab.command import run

HOME = "opt/salt"
PYTHON = "/usr/bin/python3"  # the builder's own Debian Python stands in for that in the root: same release, same ABI


def make(root, requirements):
    """
    Install the pip *requirements*, a file, into ``/opt/salt`` of *root*; Debian's Python packages are seen from there.

    Returns the directory its packages are in.  Raises ``Refused`` with pip's words.
    """
    home = root / HOME
    run(PYTHON, "-m", "venv", "--without-pip", home)
    pip = (sys.executable, "-m", "pip", "--quiet", "--python", home / "bin/python")
    run(*pip, "install", "--no-compile", "--requirement", requirements, timeout=1800)
    _move(home)
    packages = next(home.glob("lib/python3*/site-packages"))
    for record in packages.glob("*.dist-info/RECORD"):  # only to uninstall by, and has hashes from before the move
        record.unlink()
    return packages


def compile_all(root, *folders):
    """
    Compile the Python below *folders* of *root*.

    Unchecked, so that Python never compares a source's time with its bytecode's; that is also what makes
    the bytecode the same from build to build.
    """
    run(
        *(PYTHON, "-m", "compileall", "-q", "-f", "-j0", "--invalidation-mode=unchecked-hash"),
        *("-s", root, "-p", "/"),
        *(root / folder for folder in folders),
        timeout=900,
    )


def _move(home):
    # pip and venv write the directory they work in; it is /opt/salt that will run.
    texts = [file for file in (home / "bin").iterdir() if not file.is_symlink()]
    for file in [*texts, home / "pyvenv.cfg"]:
        file.write_bytes(file.read_bytes().replace(bytes(home), f"/{HOME}".encode()))
    config = home / "pyvenv.cfg"
    config.write_text(config.read_text().replace("packages = false", "packages = true"))
