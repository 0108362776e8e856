"""What a lab says of DHCP and of booting over the network."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from saltext.lab.schema import Model, field
from saltext.lab.spec.names import Name, Place

Boot = Literal["ram", "install-once", "local"]
Firmware = Literal["bios", "uefi", "uefi-http"]
Loader = Literal["ipxe", "pxelinux"]
Numbers = Annotated[str, StringConstraints(pattern=r"^[0-9]+-[0-9]+$")]
DiskId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:+-]+$")]
Seconds = Annotated[int, Field(ge=120)]  #: dnsmasq gives no shorter lease (dnsmasq(8), --dhcp-range)
BOOT = (
    "what it boots over the network: its image into memory each time, its own disk, or the installer of its image until"
    " that is done and then its own disk; not decided there if not stated"
)
INSTALL = "the disk that its image is installed on, with boot install-once"
OVERLAYS = "what is laid over its root besides when it boots into memory"
FIRMWARE = "what starts it, and from its network card boots by PXE, or by HTTP"
LOADER = "what its BIOS loads over the network; pxelinux where iPXE does not run"


class Install(Model):
    serial: DiskId | None = field("serial number of the disk that is erased, without blanks", "WD-1234")
    wwn: DiskId | None = field("its world wide name, instead", "0x5000c500a1b2c3d4")
    name: DiskId | None = field("its name, instead; that of a machine with several may change", "vda")
    size_gib: int | None = field(
        "how many whole GiB it has; any other disk is refused; not looked at if not stated", 465, unit="GiB", ge=1
    )

    @model_validator(mode="after")
    def _one(self):
        if sum(bool(one) for one in (self.serial, self.wwn, self.name)) != 1:
            raise ValueError("state one of serial, wwn and name")
        return self


class Options(Model):
    router: Place | None = field("default gateway; none if not stated", "lan+1")
    dns: list[Place] | None = field("name servers; the DHCP server if not stated", ["lan+2"])
    ntp: list[Place] | None = field("time servers; none if not stated", ["lan+2"])
    domain: str | None = field("DNS domain; the lab's if not stated", "attic.example", pattern=r"^[a-z0-9.-]+$")


class Dhcp(Model):
    range: Numbers | None = field(
        "numbers of the addresses for machines that the lab does not name; they get none if not stated", "100-199"
    )
    lease: Literal["infinite"] | Seconds = field(
        "how long an address is given for", "infinite", unit="s", default="infinite"
    )
    options: Options = field("what machines are told besides", {"router": "lan+1"}, default=Options())
    proxy: bool = field(
        "another server gives the addresses here; ours only says what to boot, and gives no lease", True, default=False
    )


class Netboot(Model):
    dhcp: Name = field("host that answers DHCP and DNS", "pi2", default=...)
    tftp: Name | None = field("host that hands out iPXE; that of dhcp if not stated", "pi2")
    http: Name | None = field("host of kernels, images and scripts; that of dhcp if not stated", "pi2")
    default: Name | None = field(
        "class that a machine boots which the lab does not name; its own disk if not stated", "web"
    )
    overlays: list[Name] = field(
        "what is laid over the root of every machine that boots into memory", ["base"], default=[]
    )
    verify: bool = field(
        "kernels and initrds have to be signed by the key of the image cache; 5 to 10 s longer to boot, emulated",
        True,
        default=False,
    )
    timeout: int = field("how long its menu waits", 5, unit="s", default=5, ge=1, le=3600)
