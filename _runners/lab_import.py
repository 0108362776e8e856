"""What is there already, as a part of the spec."""

from saltext.lab.answer import answers, lab_of
from saltext.lab.boot import taking
from saltext.lab.boot.fleet import Fleet
from saltext.lab.spec.take import take
from saltext.lab.spec.take_text import text

__virtualname__ = "lab"
__func_alias__ = {"import_": "import"}


def __virtual__():
    return __virtualname__


@answers
def import_(host, file=None):
    """
    Return what *host* has, its VMs, bridges and pools, as YAML for the spec that leaves all of it as it is.

    *host* is a minion of this master, in the spec or not; nothing of it is changed, but that the suite's modules are
    synced to it.  What could not be said in the spec stands in comments, each with its reason.  With *file*, the YAML
    is written there; a file that is there is not written to.

    CLI Example:

    .. code-block:: bash

        salt-run lab.import hv3
        salt-run lab.import hv3 file=/srv/lab/pillar/hv3.sls
    """
    taking.refuse_existing(file)
    taken = take(lab_of(__opts__), host, taking.has(Fleet(__opts__), host))
    told = text(host, taken)
    answer = {"spec": taken.spec, "unsaid": [": ".join(one) for one in taken.unsaid]}
    if file is None:
        return answer | {"said": told}
    taking.save(file, told)
    vms, unsaid = len(taken.spec.get("vms", {})), len(taken.unsaid)
    return answer | {"said": f"{file}: {vms} VMs; {unsaid} things are told in its comments"}
