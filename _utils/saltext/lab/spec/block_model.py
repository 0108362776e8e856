"""What a lab says of machines that are many and alike: told by their MACs, or numbered."""

import re
from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from saltext.lab.schema import Model, field
from saltext.lab.spec.names import Name
from saltext.lab.spec.netboot_model import BOOT, Boot, Numbers

MOST = 4096  #: machines in one block
NUMBER = r"\{id(:0?[1-9]?[dx])?\}"
ID = re.compile(NUMBER)
NAME, MAC = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"), re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
NameForm = Annotated[str, StringConstraints(pattern=rf"^[a-z0-9-]*{NUMBER}[a-z0-9-]*$")]
PlaceForm = Annotated[str, StringConstraints(pattern=rf"^[a-z0-9-]+\+[0-9]*{NUMBER}$")]
MacForm = Annotated[
    str,
    StringConstraints(
        pattern=rf"^([0-9a-f]{{2}}(:[0-9a-f]{{2}}){{0,4}}(:\*){{1,5}}|([0-9a-f]{{2}}:){{0,5}}{NUMBER}(:[0-9a-f]{{2}}){{0,5}})$"
    ),
]


class Block(Model):
    """
    Machines that are told by the beginning of their MAC, which is how they get their class; or, with `ids`, numbered.

    Of numbered ones, the MAC, the address and the name follow from the number. So all that others have to know of a
    machine is known before it is there. `{id}` is the number, `{id:03d}` with zeros in front, `{id:04x}` in hex; in a
    MAC it is divided into bytes.
    """

    mac: MacForm = field("MACs of its machines: a pattern, or a form with `ids`", "52:54:00:88:*:*", default=...)
    class_: Name = field("class of its machines", "web", default=..., alias="class")
    network: Name | None = field("network that they boot in; without `ids` only, and there it has to be stated", "lan")
    range: Numbers | None = field("numbers of their addresses; the network's if not stated; without `ids`", "150-159")
    ids: Numbers | None = field("numbers of its machines, the first and the last", "101-120")
    name: NameForm | None = field("their names, with `ids`", "node{id}")
    address: PlaceForm | None = field("addresses of their first cards, with `ids`: network+number", "lan+{id}")
    kind: Literal["machine", "vm"] = field(
        "machine: somebody brings them, and they belong to the master of the VMs; vm: they are VMs of the lab, as if"
        " each was stated in `vms`; with `ids`",
        "vm",
        default="machine",
    )
    boot: Boot | None = field(f"instead of its class's, with `ids`: {BOOT}", "ram")
    host: Name | None = field("hypervisor of its VMs; chosen for each if not stated", "hv1")

    @model_validator(mode="after")
    def _form(self):
        if self.ids is None:
            self._pattern()
        else:
            self._numbered()
        return self

    def _pattern(self):
        if stated := [key for key in ("name", "address", "boot", "host") if getattr(self, key)]:
            raise ValueError(f"{', '.join(stated)} need `ids`, the numbers of its machines")
        if self.kind == "vm" or ID.search(self.mac):
            raise ValueError("`ids` is missing, the numbers of its machines")
        if self.network is None:
            raise ValueError("`network` is missing, where its machines boot; or `ids`, where they are numbered")

    def numbers(self):
        """Return the ``range`` of its `ids`; empty for a block without."""
        first, last = (int(number) for number in (self.ids or "1-0").split("-"))
        return range(first, last + 1)

    def _numbered(self):
        if missing := [key for key in ("name", "address") if getattr(self, key) is None]:
            raise ValueError(f"{' and '.join(missing)} missing, which numbered machines have")
        if self.network or self.range:
            raise ValueError("`network` and `range` are for blocks without `ids`: `address` says it")
        if not ID.search(self.mac):
            raise ValueError('`mac` has no number: write it as "52:54:00:00:{id:04x}"')
        if self.host and self.kind == "machine":
            raise ValueError("`host` is for blocks of kind vm")
        if not 0 < len(self.numbers()) <= MOST:
            raise ValueError(f"`ids` are from the smaller to the larger number, at most {MOST}")
        for number in self.numbers():
            self._machine(number)

    def _machine(self, number):
        if not NAME.fullmatch(name := formed(self.name, number)):
            raise ValueError(f"id {number} makes the name {name}, which is none: choose a shorter `name`")
        if not MAC.fullmatch(mac := in_bytes(self.mac, number)):
            raise ValueError(f"id {number} makes {mac}, which is no MAC: make `mac` six bytes for each of its `ids`")


def valid(name, mac):
    """Return whether *name* and *mac* are a machine's."""
    return bool(NAME.fullmatch(name) and MAC.fullmatch(mac))


def formed(form, number):
    """Return the text of *form* for a machine's *number*: ``node{id:03d}``, 7 → ``node007``."""
    return ID.sub(lambda found: format(number, (found[1] or ":d")[1:]), form)


def in_bytes(form, number):
    """Return the MAC of *form* for *number*: ``52:54:00:00:{id:04x}``, 101 → ``52:54:00:00:00:65``."""
    return ID.sub(lambda found: re.sub("(?<=.)(?=(..)+$)", ":", formed(found[0], number)), form)
