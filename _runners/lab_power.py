"""The power of physical machines, from the master of the hosts."""

from saltext.lab.answer import answers, lab_of
from saltext.lab.boot.masters import Masters
from saltext.lab.power.order import order

__virtualname__ = "lab"


def __virtual__():
    return __virtualname__  # Salt adds the functions of this file to those of lab.py


@answers
def power(host, act="status", force=False):
    """
    Look at the power of *host*, a host of the lab or several with commas; switch it with *act*: on, off or cycle.

    The answer is ``power``: each host with ``on``, ``off`` or, where its driver cannot tell, ``unknown``.  What is so
    already is left alone; what was ordered is read back.  Off is at once, without asking the machine's system.  Refused
    unless *force* is true: to switch off masters, storage, netboot and what others need, or a plug that feeds
    something which is not named.

    CLI Example:

    .. code-block:: bash

        salt-run lab.power hv1
        salt-run lab.power hv1,hv2 off
    """
    lab = lab_of(__opts__)
    Masters(lab, None, __opts__["lab"]["serves"]).refuse_without_hosts(f"lab.power {host}")
    hosts = host.split(",") if isinstance(host, str) else host
    states = order(lab, hosts, act, force)
    return {"power": states, "said": ", ".join(f"{name} is {SAID.get(state, state)}" for name, state in states.items())}


SAID = {"unknown": "on or off, its driver cannot tell"}
