"""
Overlays of machines that run from RAM.

``overlay`` packs files into the archive that a boot lays over the root, ``layers`` finds what differs on such a
machine from its image, ``secret`` says what must not be in one.
"""
