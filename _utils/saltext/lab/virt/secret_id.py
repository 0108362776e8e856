"""The UUID of a secret.  Pure: a master computes it too, for disks that name the secret."""

from uuid import NAMESPACE_URL, uuid5


def uuid(cluster, usage, name):
    """Return the UUID of a secret; every host derives the same, so that guests can move between them."""
    return str(uuid5(NAMESPACE_URL, f"https://saltext-lab/secret/{cluster}/{usage}/{name}"))
