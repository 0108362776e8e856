"""
Two images for labs on one machine: ``host``, a Debian root for simulated hosts, and ``ram``, what a VM boots into RAM.

``images.path(name)`` is the directory of an image that has been built, ``images.build(name)`` builds it first
when it is missing.  Both belong to the recipe as it is now: change a file of it, and it is another image.
"""

from images.build import build
from images.cache import path

__all__ = ["build", "path"]
