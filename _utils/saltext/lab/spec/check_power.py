"""The mistakes in what a spec says of power.  Pure."""


def references(lab):
    """Yield ``(pillar path, name, part of the lab, what it has)`` for each name that has to be there."""
    for name, host in lab.hosts.items():
        if login := getattr(host.power, "login", None):
            yield f"lab:hosts:{name}:power:login", login, "logins", lab.logins


def buttons(lab):
    """Yield hosts that one would switch in place of another."""
    seen: dict = {}
    for name, host in lab.hosts.items():
        if (button := _button(name, host.power)) and seen.setdefault(button, name) != name:
            yield f"lab:hosts:{name}:power is that of lab:hosts:{seen[button]}: one of them is wrong"


def _button(name, power):
    """Return what tells the button of a BMC from all others; None where several may share one."""
    match power and power.driver:
        case "ipmi":
            return "ipmi", power.address, power.port
        case "redfish":
            return "redfish", power.url, power.system
        case "libvirt":
            return "libvirt", power.uri, power.domain or name
    return None


RULES = (buttons,)
