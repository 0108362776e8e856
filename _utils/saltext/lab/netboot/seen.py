"""Who asked for an address, from the log of dnsmasq.  Pure."""

import re

#: With log-dhcp: `… dnsmasq-dhcp[29015]: 3809643146 DHCPDISCOVER(lan) 52:54:00:99:00:01`, the address that it would
#: like before its MAC if it has a wish, and PXE in place of DHCPDISCOVER where dnsmasq is a proxy.
ASKED = re.compile(
    r" dnsmasq-dhcp\[\d+\]: \d+ (?:DHCPDISCOVER|PXE)\(([^)\s]+)\) (?:[\d.]+ )?((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\b"
)
#: How the MACs begin by which ``discover`` asks who serves: locally administered, and "lab".
PROBE = "02:6c:61:62"


def machines(lines):
    """Return ``{mac: interface}`` of who asked in *lines* of the log, in their order, each as it asked first."""
    found: dict = {}
    for line in lines:
        if (asked := ASKED.search(line)) and not asked[2].startswith(PROBE):
            found.setdefault(asked[2], asked[1])
    return found
