"""The numbered machines of the lab, from its masters."""

from saltext.lab.answer import answers, lab_of
from saltext.lab.errors import BadWish
from saltext.lab.spec import derive, numbers

__virtualname__ = "lab"


def __virtual__():
    return __virtualname__  # Salt adds the functions of this file to those of lab.py


@answers
def blocks(mac="", subnet=None):
    """
    Return ``machines``, the numbered ones of all blocks, and ``next``, by block the next number that is free, or None.

    Each machine has ``name``, ``block``, ``id``, ``mac`` and ``address``.  With *mac* only those whose MAC begins so,
    with *subnet*, such as 10.10.0.96/28, only those whose address is in it.  A number is free if nobody in the lab has
    its name, its MAC or its address; whether the machine is there does not matter.

    CLI Example:

    .. code-block:: bash

        salt-run lab.blocks mac=52:54:00:00:00:7
    """
    lab = lab_of(__opts__)
    try:
        found = [_row(lab, one) for one in numbers.within(lab, mac, subnet)]
    except ValueError as err:
        raise BadWish(f"subnet={subnet} is no network", str(err), "subnet=10.10.0.96/28") from err
    free = {name: numbers.next_free(lab, name) for name, block in lab.blocks.items() if block.ids}
    ids = {name: one and one.id for name, one in free.items()}
    lines = [f"{row['name']}  {row['mac']}  {row['address']}  number {row['id']} of {row['block']}" for row in found]
    lines += [f"{name}: the next free number is {free or 'none'}" for name, free in ids.items()]
    return {"machines": found, "next": ids, "said": "\n".join(lines) or "there are no numbered machines"}


def _row(lab, one):
    address = str(derive.address(lab.networks, one.place)[1].ip)
    return {"name": one.name, "block": one.block, "id": one.id, "mac": one.mac, "address": address}
