"""The mistakes in what a spec says of the first boot of images that people bring.  Pure."""

import json

from saltext.lab.images.secret import KEY
from saltext.lab.spec import cloud, facts
from saltext.lab.spec.netboot_facts import address, servers

#: Keys of cloud-config and of Ignition whose value lets somebody in: https://cloudinit.readthedocs.io/en/22.4.2/
SECRETS = {"password", "passwd", "hashed_passwd", "plain_text_passwd", "passwordHash", "private_key"}
#: What the kinds do not read.
FOREIGN = {"cloud-init": "config", "ignition": "user_data"}


def machines(lab):
    """Yield machines that are told nothing, by a host that there is not, or about an image that does not listen."""
    for name, wish in cloud.machines(lab).items():
        at = f"lab:vms:{name}:cloud"
        if wish.kind is None:
            yield f"{at}:kind is missing: cloud-init or ignition, there or in its class"
        elif getattr(wish, FOREIGN[wish.kind]):
            yield f"{at}:{FOREIGN[wish.kind]} is not read by {wish.kind}: leave it out"
        if lab.images[lab.classes[lab.vms[name].class_].image].kind != "disk":
            yield f"{at} is for images of kind disk; the image ram is told all by the kernel command line: leave it out"
        yield from _server(lab, name, at)


def _server(lab, name, at):
    network = facts.vm_place(lab, name).split("+")[0]
    if not lab.netboot:
        yield f"{at} has nobody to fetch it from: name a host in lab:netboot:http"
    elif not lab.networks[network].netboot or address(lab, servers(lab)["http"], network) is None:
        yield f"{at} is fetched in {network}, where nobody serves it: state lab:networks:{network}:netboot"


def secrets(lab):
    """Yield what must not be in it: whoever is on the wire can fetch it."""
    parts = {f"lab:classes:{name}:cloud": kind.cloud for name, kind in lab.classes.items()}
    parts |= {f"lab:vms:{name}:cloud": vm.cloud for name, vm in lab.vms.items()}
    for path, wish in parts.items():
        for part in ("user_data", "config") if wish else ():
            yield from _secrets(f"{path}:{part}", getattr(wish, part))


def _secrets(path, data):
    """Yield a mistake for each secret in *data*; its value is in none."""
    if isinstance(data, dict):
        for key, value in data.items():
            bad = key in SECRETS and not isinstance(value, dict)  # passwd is a section of Ignition too
            yield from [f"{path}:{key} {WHY}"] if bad else _secrets(f"{path}:{key}", value)
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _secrets(f"{path}:{number}", value)
    elif KEY.search(json.dumps(data, default=str).encode()):
        yield f"{path} has a private key in it, and {WHY}"


WHY = "can be fetched by everybody on the wire: leave it out, and give it by pillar"
RULES = (machines,)  # secrets is called by itself: no value in it is shown
