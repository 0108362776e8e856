"""What a lab says of profiles: what runs when."""

from saltext.lab.schema import Model, field
from saltext.lab.spec.names import Name


class Profile(Model):
    """
    What runs while this profile is the active one.

    A VM or host that no profile names runs in all of them; one that some name runs in those alone.
    """

    vms: list[Name] = field("VMs that run in it, and not in profiles that do not name them", ["game1"], default=[])
    hosts: list[Name] = field("the same for hosts; none of those that are always_on", ["hv3"], default=[])
    place: dict[Name, Name] = field("where VMs run in it: host by VM", {"nas1": "hv1"}, default={})
