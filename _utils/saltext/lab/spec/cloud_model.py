"""What a lab says of the first boot of images that people bring."""

from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from saltext.lab.schema import Model, field

SshKey = Annotated[str, StringConstraints(pattern=r"^(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\x00-\x1f]+)?$")]


class Cloud(Model):
    kind: Literal["cloud-init", "ignition"] | None = field("who reads it in the image", "cloud-init")
    ssh_keys: list[SshKey] = field(
        "public keys of those who may log in: as the image's own first user, or core with Ignition",
        ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVYQU1QTEVFWEFNUExFRVhBTVBMRUVYQU1QTEVF admin@attic.example"],
        default=[],
    )
    network: Literal["dhcp", "static"] | None = field(
        "where its cards get their addresses; if not stated dhcp in networks with `dhcp`, static in others", "static"
    )
    salt: bool = field("its minion is told its master and its id; with cloud-init it is installed", True, default=True)
    user_data: dict[str, Any] = field("over ours, for cloud-init; lists are joined", {"packages": ["vim"]}, default={})
    config: dict[str, Any] = field(
        "an Ignition config of its own; it is merged over ours by Ignition",
        {"ignition": {"version": "3.3.0"}},
        default={},
    )
