"""Labs for tests of pure code."""

from saltext.lab.netboot.versions import Version
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
#: That lab where web1 is installed once, by what pi2 serves.
ONCE = merge(
    PLAIN,
    {
        "networks": {"lan": {"netboot": True, "dhcp": {}}},
        "images": {"deb": {"kind": "install"}},
        "classes": {"store": {"image": "deb", "nics": ["lan"], "boot": "install-once", "install": {"name": "vda"}}},
        "vms": {"web1": {"class": "store", "install": {"serial": "S1", "size_gib": 8}}},
        "netboot": {"dhcp": "pi2"},
    },
)
#: Two versions of the image ram, the current one first, as a master has them.
IMAGES = {
    "ram": [
        Version("aaaaaaaaaaaa", "ram", "6.1", {"vmlinuz": "1", "initrd-net.img": "2", "root.sqfs": "3"}),
        Version("bbbbbbbbbbbb", "ram.former", "6.1", {"vmlinuz": "4", "initrd-net.img": "5", "root.sqfs": "6"}),
    ]
}
