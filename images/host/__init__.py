"""
The ``host`` image: ``root``, a Debian root directory that systemd-nspawn boots as a simulated host.

It is meant as the read-only lower layer of an overlay: no host writes to it.
"""

from pathlib import Path

from images import root, venv

HERE = Path(__file__).parent


def make(image, _workshop):
    """Make the image in directory *image*."""
    tree = image / "root"
    root.make(tree, HERE)
    venv.make(tree, HERE / "python.txt")
    root.prune(tree, root.lines(HERE / "prune.txt"))
    venv.compile_all(tree, "opt/salt/lib", "usr/lib/python3", "usr/lib/python3.11")
    root.tidy(tree)
    root.systemd(tree, root.lines(HERE / "masked.txt"))
