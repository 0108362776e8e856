"""Keep libvirt domains as wished."""

from saltext.lab.outcome import Things, converge
from saltext.lab.virt import rules
from saltext.lab.virt.model import Domains


def domains(name, **wish):
    """
    Make sure the domains in *wish* are as stated; leave other domains, and what is not stated, alone.

    *name* is where the wish stands in the pillar; messages start from it.  What can be stated for each are the
    fields of :class:`~saltext.lab.virt.model.Domain`; null removes a domain that this suite made.

    .. code-block:: yaml

        lab:virt:domains:
          lab_virt.domains:
            - vm1: {memory_mib: 2048, vcpus: 2, running: true}
            - vm2: null
    """
    return _converge(name, wish)


def domain_present(name, **wish):
    """
    Make sure domain *name* exists and is as stated; leave what is not stated alone.

    .. code-block:: yaml

        vm1:
          lab_virt.domain_present:
            - memory_mib: 2048
            - running: true
    """
    return _converge("lab_virt.domain_present", {name: wish}) | {"name": name}


def domain_absent(name):
    """Make sure there is no domain *name*; only one that this suite made, or took over, is removed."""
    return _converge("lab_virt.domain_absent", {name: None}) | {"name": name}


def _converge(at, wish):
    read, write = __salt__["lab_virt.domains"], __salt__["lab_virt.change"]
    things = Things(at, Domains, lambda: rules.as_asked(read(), wish), write, rules.impact)
    return converge(things, wish, __opts__["test"])
