"""
One order to a BMC by pyghmi: a program that reads it as JSON and prints the answer, see ``child``.

It imports nothing of ours, so that it starts at once.
"""

import contextlib
import json
import os
import sys

CHASSIS, STATUS, CONTROL = 0, 1, 2  #: network function and commands, IPMI 2.0 chapter 28
ORDERS = {"off": 0, "on": 1}
#: What pyghmi and RAKP's status codes (IPMI 2.0 table 13-15) say of a login that is wrong.
DENIED = ("Incorrect password", "Unauthorized", "Invalid role", "Insufficient")


def answer(request):
    """Return ``{"power": on or off}``, or ``{"error": [kind, what, why, fix]}``."""
    try:
        from pyghmi.exceptions import IpmiException
        from pyghmi.ipmi.command import Command
    except ImportError as err:
        return failed("Refused", "cannot be asked", err, "install the Python package pyghmi")
    try:
        bmc = Command(request["address"], request["user"], request["password"], port=request["port"])
        if order := request.get("order"):
            ask(bmc, CONTROL, [ORDERS[order]])
            return {}
        return {"power": "on" if ask(bmc, STATUS)["data"][0] & 1 else "off"}
    except (IpmiException, OSError) as err:
        return told(str(err))


def ask(bmc, command, data=()):
    """Return the response to a chassis *command*; raises ``IpmiException``."""
    from pyghmi.exceptions import IpmiException

    response = bmc.raw_command(netfn=CHASSIS, command=command, data=data)
    if "error" in response:
        raise IpmiException(response["error"])
    return response


def told(why):
    """Return the error that pyghmi's words *why* mean."""
    if any(word in why for word in DENIED):
        return failed("Refused", "does not let us in", why, "correct user and password in lab:logins")
    if "timeout" in why.lower() or "Session" in why or "Errno" in why:
        return failed("Unreachable", "does not answer", why, "is it on the network, and IPMI over LAN switched on?")
    return failed("Refused", "refused", why, "")


def failed(kind, what, why, fix):
    """Return an answer that is an error."""
    return {"error": [kind, what, str(why), fix]}


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        said = answer(json.load(sys.stdin))
    print(json.dumps(said), flush=True)
    os._exit(0)  # pyghmi's thread would keep it
