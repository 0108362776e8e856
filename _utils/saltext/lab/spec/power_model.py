"""What a lab says of power: who switches a host on and off, and with which login."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from saltext.lab.schema import Model, field
from saltext.lab.spec.names import Mac, Name
from saltext.lab.virt.types import File, Line

BLANK = re.compile(r"\{(\w+)\}")  #: what the driver fills in
BLANKS = ("address", "outlet", "host", "user", "password")
LOGIN = "who logs in, from lab:logins"
CERTIFICATE = "SHA-256 of its TLS certificate; without it the certificate has to be one that this machine trusts"


def _template(text: str) -> str:
    if unknown := set(BLANK.findall(text)) - set(BLANKS):
        raise ValueError(f"{', '.join(sorted(unknown))} is nothing that it knows: there are {', '.join(BLANKS)}")
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as err:
        raise ValueError(f"this is no regular expression: {err}") from err
    return text


TIMEOUT = field("how long one question may take", 10, unit="s", default=10, ge=1, le=120)
SETTLE = field("how long it may take until what was ordered is so", 30, unit="s", default=30, ge=1, le=600)
Address = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]+$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s\x00-\x1f?#@]+$")]
Template = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$"), AfterValidator(_template)]
Body = Annotated[Line, AfterValidator(_template)]
Pattern = Annotated[Line, AfterValidator(_pattern)]
Certificate = Annotated[str, StringConstraints(pattern=r"^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$")]


class Login(Model):
    hidden: ClassVar[bool] = True
    user: Line = field("name to log in with", "lab", default=...)
    password: Line | None = field("the password itself, in a pillar that is encrypted (GPG renderer)", "…", repr=False)
    password_file: File | None = field("file on the physical master with the password, instead", "/etc/lab/bmc")

    @model_validator(mode="after")
    def _one(self):
        if bool(self.password) == bool(self.password_file):
            raise ValueError("state either password or password_file")
        return self


class Rack(Model):
    """A host of the rack."""

    driver: Literal["rack"] = field("the simulated rack's own buttons", "rack", default=...)


class Ipmi(Model):
    """A BMC that speaks IPMI 2.0 over the network."""

    driver: Literal["ipmi"] = field("a BMC by IPMI; needs the Python package pyghmi", "ipmi", default=...)
    address: Address = field("of the BMC", "10.99.0.11", default=...)
    port: int = field("UDP port", 623, default=623, ge=1, le=65535)
    login: Name = field(LOGIN, "bmc", default=...)
    timeout: int = TIMEOUT
    settle: int = SETTLE


class Redfish(Model):
    """A BMC that speaks Redfish."""

    driver: Literal["redfish"] = field("a BMC by Redfish", "redfish", default=...)
    url: Url = field("of the BMC; with http the password goes in the clear", "https://10.99.0.12", default=...)
    login: Name = field(LOGIN, "bmc", default=...)
    system: Line | None = field("which of its systems; has to be stated where it has several", "437XR1138R2")
    certificate: Certificate | None = field(CERTIFICATE, "ab:" * 31 + "ab")
    timeout: int = TIMEOUT
    settle: int = SETTLE


class Wol(Model):
    """A card that wakes its machine up; nobody can switch that off again, or see whether it is on."""

    driver: Literal["wol"] = field("wake-on-LAN", "wol", default=...)
    mac: Mac | None = field("card that listens, where it is not the host's first", "52:54:00:00:01:01")
    broadcast: Address = field("where the packet goes", "10.10.0.255", default="255.255.255.255")
    port: int = field("UDP port", 9, default=9, ge=1, le=65535)
    card: Line | None = field("card of the physical master that it leaves by", "eth0", max_length=15)


class Call(Model):
    url: Template = field(
        "address to ask; {address}, {outlet}, {host}, {user} and {password} are filled in",
        "http://{address}/relay/{outlet}?turn=on",
        default=...,
    )
    method: Literal["GET", "POST", "PUT"] = field("how", "POST", default="GET")
    body: Body | None = field("JSON to send; filled in likewise", '{"on": true}')


class Asking(Call):
    when_on: Pattern = field("regular expression that its answer fits when it is on", '"ison": ?true', default=...)
    when_off: Pattern = field("regular expression that its answer fits when it is off", '"ison": ?false', default=...)


class Plug(Model):  # no key is on or off: YAML 1.1 reads those as true and false
    """A smart plug that is told by HTTP; it may feed several machines."""

    driver: Literal["http"] = field("a smart plug", "http", default=...)
    address: Address = field("of the plug", "10.99.0.31", default=...)
    outlet: int | None = field("which of its outlets", 0, ge=0, le=255)
    turn_on: Call = field("how it is switched on", {"url": "http://{address}/relay/{outlet}?turn=on"}, default=...)
    turn_off: Call = field("how it is switched off", {"url": "http://{address}/relay/{outlet}?turn=off"}, default=...)
    status: Asking | None = field(
        "how it is asked; without it nobody can see whether an order was followed",
        {"url": "http://{address}/relay/{outlet}", "when_on": '"ison": ?true', "when_off": '"ison": ?false'},
    )
    login: Name | None = field(f"{LOGIN}; sent by HTTP's basic scheme too", "plugs")
    certificate: Certificate | None = field(CERTIFICATE, "ab:" * 31 + "ab")
    also: list[Name] = field("what else goes off with it, hosts or other things", ["switch1"], default=[])
    pause: int = field("how long it stays off when it is switched off and on", 5, unit="s", default=5, ge=0, le=60)
    timeout: int = TIMEOUT
    settle: int = SETTLE

    @model_validator(mode="after")
    def _filled(self):
        calls = [call for call in (self.turn_on, self.turn_off, self.status) if call]
        blanks = {blank for call in calls for blank in BLANK.findall(call.url + (call.body or ""))}
        if "outlet" in blanks and self.outlet is None:
            raise ValueError("its templates name {outlet}: state outlet")
        if blanks & {"user", "password"} and self.login is None:
            raise ValueError("its templates name {user} or {password}: state login")
        return self


class Domain(Model):
    """A virtual machine that plays a physical one."""

    driver: Literal["libvirt"] = field("a domain of some libvirt; needs its Python binding", "libvirt", default=...)
    uri: Line = field("of that libvirt", "qemu+ssh://root@big/system", default=...)
    domain: Line | None = field("its name there, where it is not the host's", "fake-hv1")
    timeout: int = TIMEOUT
    settle: int = SETTLE


class Manual(Model):
    """A person."""

    driver: Literal["manual"] = field("a person, who is asked on the terminal", "manual", default=...)
    patience: int = field("how long the answer may take", 300, unit="s", default=300, ge=1, le=3600)


Power = Annotated[Rack | Ipmi | Redfish | Wol | Plug | Domain | Manual, Field(discriminator="driver")]
