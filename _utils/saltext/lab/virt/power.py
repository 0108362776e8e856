"""Switch a guest on that was given its key for this time alone."""

from saltext.lab.virt import host, identity


def start(conn, name, identities):
    """
    Return ``{"started": bool, "uuid": str}``, as ``host.start`` does, which may raise.

    The private key in directory *identities* of a guest that keeps nothing goes as soon as that runs: QEMU has read
    it before the guest's first instruction (fw_cfg, ``parse_fw_cfg``), and keeps it over the guest's own reboots.
    """
    done = host.start(conn, name)
    if done["started"] and keeps_nothing(host.read_one(conn, name)):
        identity.spend(name, identities)
    return done


def keeps_nothing(domain):
    """Return whether what *domain* boots is in its memory alone, so that its next start needs another key.  Pure."""
    return "kernel" in domain or domain.get("boot") == ["network"]
