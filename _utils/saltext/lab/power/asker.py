"""
One order to a BMC or a domain: a program that reads it as JSON and prints the answer, see ``child``.

It imports nothing of ours, so that it starts at once.
"""

import contextlib
import importlib
import json
import os
import sys

CHASSIS, STATUS, CONTROL = 0, 1, 2  #: network function and commands, IPMI 2.0 chapter 28
ORDERS = {"off": 0, "on": 1}
#: What pyghmi makes of RAKP's status codes (IPMI 2.0 table 13-15) for a login that is wrong.
DENIED = ("Incorrect password", "Unauthorized", "Invalid role", "Insufficient")
LOST = ("timeout", "Session", "Errno", "None")  #: None: it forgets that it had a timeout when it logged in


class Failed(Exception):
    """An answer that is an error: kind, what, why, fix."""


def ipmi(address, port, user, password, order=None):
    """Return ``{"power": on or off}`` of a BMC, or ``{}`` when it has taken the *order*."""
    command = library("pyghmi.ipmi.command", "the Python package pyghmi")
    bmc = None
    try:
        bmc = command.Command(address, user, password, port=port)
        its = {"command": CONTROL, "data": [ORDERS[order]]} if order else {"command": STATUS}
        said = bmc.raw_command(netfn=CHASSIS, **its)
    except (command.exc.IpmiException, OSError) as err:
        said = {"error": str(err)}
    finally:
        if bmc:
            bmc.ipmi_session.logout()  # a BMC has room for a few sessions, and keeps each for a minute
    if why := said.get("error"):
        raise Failed(*meaning(why), why)
    return {} if order else {"power": "on" if said["data"][0] & 1 else "off"}


def meaning(why):
    """Return kind, what and fix of the error that pyghmi tells as *why*."""
    if any(word in why for word in DENIED):
        return "Refused", "does not let us in", "correct user and password in lab:logins"
    if any(word in why for word in LOST):
        return "Unreachable", "does not answer", "is it on the network, and IPMI over LAN switched on?"
    return "Refused", "refused", ""


def libvirt(uri, domain, order=None):
    """Return ``{"power": on or off}`` of a domain, or ``{}`` when the *order* was carried out."""
    lib = library("libvirt", "the package python3-libvirt")
    lib.registerErrorHandler(lambda *_: None, None)  # errors are raised; do not print them too
    try:
        conn = lib.open(uri)
    except lib.libvirtError as err:
        raise Failed("Unreachable", "does not answer", "is libvirtd up, and may we log in?", err) from err
    try:
        found = conn.lookupByName(domain)
        if order and (order == "on") != bool(found.isActive()):
            found.create() if order == "on" else found.destroy()
        return {} if order else {"power": "on" if found.isActive() else "off"}
    except lib.libvirtError as err:
        raise Failed("Refused", "refused", "", err) from err


def library(name, package):
    """Return the module *name*, which *package* brings."""
    try:
        return importlib.import_module(name)
    except ImportError as err:
        raise Failed("Refused", "cannot be asked", f"install {package}", err) from err


def main():
    """Answer the one request."""
    request = json.load(sys.stdin)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            answer = ipmi(**request) if request.pop("by") == "ipmi" else libvirt(**request)
    except Failed as err:
        answer = {"error": [str(part) for part in err.args]}
    print(json.dumps(answer), flush=True)
    os._exit(0)  # a thread of pyghmi would keep it


if __name__ == "__main__":
    main()
