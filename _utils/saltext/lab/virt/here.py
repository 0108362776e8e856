"""What the adapters of pools, volumes, images and secrets work on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import libvirt

from saltext.lab.virt.image_fetch import CACHE
from saltext.lab.virt.marks import Marks


@dataclass(frozen=True)
class Here:
    """A libvirt host, and our own files on it."""

    conn: libvirt.virConnect
    marks: Marks
    cache: str = CACHE  #: directory of verified images
    pillar: Mapping[str, Any] = field(default_factory=dict, repr=False)  #: where values of secrets may be
