"""What values in the models of libvirt's things look like."""

from typing import Annotated, Any
from uuid import UUID
from xml.etree import ElementTree as ET

from pydantic import AfterValidator, BeforeValidator, StringConstraints

MAC = r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$"


def _quoted(mac: Any) -> Any:
    """Refuse what YAML 1.1 makes of 52:54:00:00:01:01: a number in base 60."""
    if isinstance(mac, int):
        raise ValueError("YAML reads a bare MAC as a number; put it in quotes")
    return mac.lower() if isinstance(mac, str) else mac


def _canonical(uuid: str) -> str:
    return str(UUID(uuid))


def _overlay(text: str) -> str:
    """Return *text* in the one form in which equal XML is equal text."""
    try:
        root = ET.fromstring(text)
    except ET.ParseError as err:
        raise ValueError(f"this is no XML: {err}") from err
    if root.tag != "domain":
        raise ValueError("an overlay starts with <domain>")
    return ET.canonicalize(ET.tostring(root, encoding="unicode"), strip_text=True)


#: libvirt prints MACs and UUIDs in lower case; a wish in upper case means the same.
Mac = Annotated[str, BeforeValidator(_quoted), StringConstraints(pattern=MAC)]
Uuid = Annotated[str, AfterValidator(_canonical)]
Name = Annotated[str, StringConstraints(pattern=r"^[^/.\s\x00-\x1f][^/\x00-\x1f]*$", max_length=64)]
File = Annotated[str, StringConstraints(pattern=r"^/[^\x00-\x1f]+$")]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$")]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
#: QEMU keeps names outside opt/ to itself and has 55 characters for one (docs/specs/fw_cfg.rst).
FwCfgName = Annotated[str, StringConstraints(pattern=r"^opt/[A-Za-z0-9._/-]+$", max_length=55)]
#: The guest's name of a disk; libvirt wants one of these to guess nothing from it.
Target = Annotated[str, StringConstraints(pattern=r"^(vd|sd|hd|fd|ubd)[a-z]{1,2}$")]
#: A card in a PCI slot of the host as lspci -D shows it, or a USB device as lsusb does.
HostDevice = Annotated[
    str,
    StringConstraints(pattern=r"^(pci:[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]|usb:[0-9a-f]{4}:[0-9a-f]{4})$"),
]
#: A machine that serves disks: a name or an address, and the port.
Server = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9.-]+|\[[0-9a-f:]+\]):[1-9][0-9]{0,4}$")]
Overlay = Annotated[str, AfterValidator(_overlay)]
