"""Kinds of text that more than one part of the spec uses."""

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from saltext.lab.schema import field

UNSEEN = "?"  #: what lab.import writes for the addresses of a network in which the host has none


def _cidr(text):
    if text == UNSEEN:
        raise ValueError("the host has no address there, so lab.import could not see it: state it, as 10.10.0.0/24")
    ipaddress.IPv4Network(text)
    return text


Name = Annotated[str, field("", "", default=..., pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Mac = Annotated[str, field("", "", default=..., pattern=r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")]
Subnet = Annotated[str, AfterValidator(_cidr)]
Place = Annotated[str, field("", "", default=..., pattern=r"^[a-z0-9-]+\+[0-9]+$")]
Vlan = Annotated[int, Field(ge=1, le=4094)]
Part = Literal["firewall", "router", "storage", "compute"]
