"""Who gets which slice, and what the slice of the host of HTTP follows from besides.  Pure."""

from saltext.lab.spec import netboot_facts


def given(part, serves):
    """Return the slice *part*, which may be None, or None when it is not one of the masters' *serves*."""
    return part if part and part["minion"]["of"] in serves else None


def stocked(lab):
    """Return who serves images, and what its slice follows from besides: ``{"http": host, "images", "overlays"}``."""
    http = netboot_facts.servers(lab).get("http")
    return {"http": http, "images": netboot_facts.images(lab), "overlays": netboot_facts.overlays(lab)}
