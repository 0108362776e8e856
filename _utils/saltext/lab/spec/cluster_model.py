"""What a lab says of groups of VMs: what experiments cannot take from production."""

from typing import Literal

from pydantic import model_validator

from saltext.lab.schema import Model, field
from saltext.lab.spec.names import Name


class Cluster(Model):
    kind: Literal["production", "experimental"] = field(
        "production keeps what it reserves; what is experimental gets what is left, for a time",
        "experimental",
        default=...,
    )
    vms: list[Name] = field("VMs that belong to it", ["node101"], default=[])
    blocks: list[Name] = field("blocks whose machines belong to it", ["node"], default=[])
    reserve_mib: int | None = field(
        "memory kept for it altogether; that of its VMs if not stated; production only", 8192, unit="MiB", ge=64
    )
    lifetime_h: int | None = field("how long it is kept; experimental only", 24, unit="h", ge=1, le=8760)

    @model_validator(mode="after")
    def _kind(self):
        if self.kind == "production" and self.lifetime_h:
            raise ValueError("production has no end: leave lifetime_h out")
        if self.kind == "experimental" and not self.lifetime_h:
            raise ValueError("an experiment has an end: state lifetime_h")
        if self.kind == "experimental" and self.reserve_mib:
            raise ValueError("only production reserves: leave reserve_mib out")
        return self
