"""
Images for labs, each made by the package of its name.

``host`` is for the hosts of a rack, ``ram`` for what boots into RAM, ``grub`` for what verifies it first, ``disk`` for
what is kept, ``installer`` for what writes that to a disk, ``stick`` for what starts an empty lab.

``images.path(name)`` is the directory of an image that has been built, ``images.build(name)`` builds it first
when it is missing.  They belong to the recipe as it is now: change a file of it, and it is another image.
"""

from images.build import build
from images.cache import path

__all__ = ["build", "path"]
