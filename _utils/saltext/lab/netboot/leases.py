"""The leases that dnsmasq has given, from its file.  Pure."""


def parse(text):
    """
    Return ``{mac: {"ip", "name", "expiry"}}`` of the lease file *text*.

    ``expiry`` is in seconds since 1970, or None for a lease without end; ``name`` is None where the machine has none.
    """
    rows = [line.split() for line in text.splitlines()]
    # IPv6 leases follow a line "duid …"; a DHCPv4 lease is: expiry, MAC, address, name or *, client id or *.
    v4 = [row for row in rows if len(row) == 5 and "." in row[2]]
    return {mac: _lease(expiry, ip, name) for expiry, mac, ip, name, _ in v4}


def _lease(expiry, ip, name):
    return {"ip": ip, "name": None if name == "*" else name, "expiry": int(expiry) or None}
