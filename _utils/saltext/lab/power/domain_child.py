"""
One order to a domain by libvirt: a program that reads it as JSON and prints the answer, see ``child``.

It imports nothing of ours, so that it starts at once.
"""

import json
import sys


def answer(request):
    """Return ``{"power": on or off}``, or ``{"error": [kind, what, why, fix]}``."""
    try:
        import libvirt
    except ImportError as err:
        return failed("Refused", "cannot be asked", err, "install the package python3-libvirt")
    libvirt.registerErrorHandler(lambda *_: None, None)  # errors are raised; do not print them too
    denied = {libvirt.VIR_ERR_AUTH_FAILED, libvirt.VIR_ERR_AUTH_CANCELLED, libvirt.VIR_ERR_AUTH_UNAVAILABLE}
    try:
        conn = libvirt.open(request["uri"])
    except libvirt.libvirtError as err:
        if err.get_error_code() in denied:
            return failed("Refused", "does not let us in", err, "correct lab:hosts:NAME:power:uri")
        return failed("Unreachable", "does not answer", err, "is libvirtd up?")
    try:
        return asked(conn.lookupByName(request["domain"]), request.get("order"))
    except libvirt.libvirtError as err:
        return failed("Refused", "refused", err, "")


def asked(domain, order):
    """Return the state of *domain*, or carry out the *order* on or off."""
    if order and (order == "on") != bool(domain.isActive()):
        domain.create() if order == "on" else domain.destroy()
    return {} if order else {"power": "on" if domain.isActive() else "off"}


def failed(kind, what, why, fix):
    """Return an answer that is an error."""
    return {"error": [kind, what, str(why), fix]}


if __name__ == "__main__":
    print(json.dumps(answer(json.load(sys.stdin))), flush=True)
