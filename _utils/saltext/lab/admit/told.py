"""What a machine that made its own key tells of itself at its boot.  Pure: whatever it says is data, checked here."""

from typing import Annotated

from pydantic import Field, ValidationError

from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.record import Fingerprint
from saltext.lab.errors import BadWish
from saltext.lab.schema import Model, field
from saltext.lab.spec.names import Mac
from saltext.lab.virt.types import Uuid

LONGEST = 8192  #: bytes that a machine may tell; a 4096-bit key with 32 cards are 1,800
NOTHING = "it has told nothing of itself"
Text = Annotated[str, Field(pattern=r"^[ -~]*$", max_length=64)]  #: nothing that moves a terminal's cursor


class Machine(Model):
    macs: list[Mac] = field("of its cards", ["52:54:00:00:01:01"], default=..., max_length=32)
    uuid: Uuid | None = field("of its SMBIOS", "4c4c4544-0043-3010-8052-b4c04f4b3132")
    vendor: Text = field("who made it", "Dell Inc.", default="")
    product: Text = field("what it is", "PowerEdge R640", default="")
    serial: Text = field("of its maker", "C01RK12", default="")


class Told(Machine):
    pub: str = field("public key of its minion", "-----BEGIN PUBLIC KEY-----…", default=...)


class Attributes(Model):
    mac: Mac | None = field("of the machine that the DHCP server gave its address", "52:54:00:00:01:01")
    machine: Machine | None = field("what it says that it is", {"macs": ["52:54:00:00:01:01"]})
    fingerprint: Fingerprint | None = field("of the key that it says is its own", "9f86d081" * 8)
    why: str = field("why it says nothing", NOTHING, default="", max_length=500)


def attributes(data, mac):
    """
    Return the ``Attributes`` of a machine that told *data*, bytes, or None where it told nothing.

    *mac* is what the DHCP server knows, or None.  What cannot be used is not repeated in ``why``.
    """
    if data is None:
        return Attributes(mac=mac, why=NOTHING)
    try:
        told = Told.model_validate_json(data)
        machine = Machine(**told.model_dump(exclude={"pub"}))
        return Attributes(mac=mac, machine=machine, fingerprint=fingerprint(told.pub))
    except ValidationError as err:
        return Attributes(mac=mac, why=f"what it has told cannot be used: {_first(err)}")
    except BadWish as err:
        return Attributes(mac=mac, why=f"what it has told cannot be used: {err.what}")


def _first(err):
    first = err.errors(include_url=False, include_input=False)[0]
    place = ":".join(str(part) for part in first["loc"])
    known = place.split(":")[0] in Told.model_fields
    return f"{place}: {first['msg']}" if known else first["type"].replace("_", " ")
