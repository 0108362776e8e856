"""MTU, state, addresses and routes of a host, and the commands of ip(8) that bring them back.  Pure."""

FOREVER = 2**32 - 1  #: seconds, as ip(8) says that an address does not expire
KEPT_BY_OTHERS = ("kernel", "ra")  #: protocols of routes that come and go with addresses and router advertisements
SEEN = ("linkdown", "dead")  #: what ip(8) says of a route and does not take


def links(entries):
    """Return ``{interface: {"mtu", "up", "addresses"}}`` from what ``ip -json address`` printed."""
    return {
        entry["ifname"]: {
            "mtu": entry["mtu"],
            "up": "UP" in entry["flags"],
            "addresses": sorted(_address(one) for one in entry["addr_info"] if one["scope"] not in ("link", "host")),
        }
        for entry in entries
        if entry.get("ifname")
    }


def routes(text):
    """Return the routes somebody made from what ``ip -oneline route show table all`` printed."""
    lines = (line.replace("\\", " ").split() for line in text.splitlines())
    kept = ([word for word in words if word not in SEEN] for words in lines if not _is_of_others(words))
    return sorted(" ".join(words) for words in kept)


def commands(saved, now):
    """Return the lines for ``ip -batch`` that make the *links* of *now* as *saved*; what is gone cannot be changed."""
    return [line for name in saved if name in now for line in _link(name, saved[name], now[name])]


def route_commands(saved, now):
    """Return the lines for ``ip -batch`` that make the *routes* of *now* as *saved*."""
    gone, missing = sorted(set(now) - set(saved)), sorted(set(saved) - set(now))
    return [*(f"route del {one}" for one in gone), *(f"route add {one}" for one in missing)]


def _link(name, saved, now):
    if saved["mtu"] != now["mtu"]:
        yield f"link set dev {name} mtu {saved['mtu']}"
    if saved["up"] != now["up"]:
        yield f"link set dev {name} {'up' if saved['up'] else 'down'}"
    for address in sorted(set(now["addresses"]) - set(saved["addresses"])):
        yield f"address del {address} dev {name}"
    for address in sorted(set(saved["addresses"]) - set(now["addresses"])):
        yield f"address add {address} dev {name}"


def _address(one):
    words = [f"{one['local']}/{one['prefixlen']}"]
    if "broadcast" in one:
        words += ["broadcast", one["broadcast"]]
    return " ".join(words)


def _is_of_others(words):
    return "proto" in words and words[words.index("proto") + 1] in KEPT_BY_OTHERS
