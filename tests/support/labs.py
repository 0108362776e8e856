"""Labs for tests of pure code."""

from saltext.lab.plan import merge
from saltext.lab.spec import source

DEMO = source.load()
#: The demo lab without netboot: two masters, two hypervisors, three VMs that boot files of their host.
PLAIN = merge(
    DEMO,
    {
        "hosts": {"nb1": None},
        "netboot": None,
        "networks": {"lan": {"netboot": None, "dhcp": None}},
        "vms": {"web2": {"boot": None}, "web3": {"boot": None}},
    },
)
