"""Kinds of text that more than one part of the spec uses."""

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator

from saltext.lab.schema import field


def _cidr(text):
    ipaddress.IPv4Network(text)
    return text


Name = Annotated[str, field("", "", default=..., pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Mac = Annotated[str, field("", "", default=..., pattern=r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")]
Subnet = Annotated[str, AfterValidator(_cidr)]
Place = Annotated[str, field("", "", default=..., pattern=r"^[a-z0-9-]+\+[0-9]+$")]
Part = Literal["firewall", "router", "storage", "compute"]
