"""Who boots what: the scripts that iPXE gets, and the images that they name.  Pure."""

import ipaddress

from saltext.lab.netboot import ipxe
from saltext.lab.spec import derive, facts
from saltext.lab.spec.netboot_facts import address, class_overlays, machines, networks, overlays, servers


def of(lab, stock):
    """
    Return ``boot``, ``{network: {script: text}}``, and what is served for it.

    ``images`` is ``{image: [version]}``, the current one first; ``overlays`` is ``{file: sha256}``; ``missing`` names
    what the master lacks.
    """
    scripts = {network: _scripts(lab, network, stock) for network in networks(lab, "netboot")}
    return {"boot": scripts} | _served(lab, stock)


def _served(lab, stock):
    named = {one.image for one in machines(lab) if one.boot == "ram"}
    images = sorted(named | {lab.classes[name].image for name in _classes(lab)})
    return {
        "images": {name: [one._asdict() for one in stock.images[name]] for name in images if name in stock.images},
        "overlays": {name: stock.overlays[name] for name in overlays(lab) if name in stock.overlays},
        "missing": [
            *(f"image {name}" for name in images if name not in stock.images),
            *(f"overlay {name}" for name in overlays(lab) if name not in stock.overlays),
        ],
    }


def _classes(lab):
    """Return the classes that any machine can boot."""
    return [name for name, kind in lab.classes.items() if kind.boot == "ram"]


def _scripts(lab, network, stock):
    found = {"boot.ipxe": ipxe.first(), "default.ipxe": _menu(lab)}
    for name in _classes(lab):
        mask = ipaddress.IPv4Network(lab.networks[network].subnet).prefixlen
        told = ipxe.UNKNOWN | {"ip": f"{ipxe.UNKNOWN['ip']}/{mask}"}
        image, cmdline = lab.classes[name].image, _cmdline(lab, "virtual", network, told)
        cmdline += _over(lab, network, stock, class_overlays(lab, name))
        found[f"class-{name}.ipxe"] = ipxe.ram(_at(lab, network, image), stock.images.get(image, []), cmdline)
    for name, block in lab.blocks.items():
        if block.network == network:
            found[f"block-{name}.ipxe"] = ipxe.first(f"class-{block.class_}.ipxe")
    own = [one for one in machines(lab) if one.network == network and one.boot]
    return found | {ipxe.file(one.mac): _script(lab, one, stock) for one in own}


def _script(lab, one, stock):
    if one.boot == "local":
        return ipxe.local()
    cmdline = _cmdline(lab, one.of, one.network, {"id": one.name, "ip": derive.address(lab.networks, one.place)[1]})
    cmdline += _over(lab, one.network, stock, one.overlays)
    told = f"{_site(lab, one.network)}/told/${{net0/ip}}"
    return ipxe.ram(_at(lab, one.network, one.image), stock.images.get(one.image, []), cmdline, told)


def _over(lab, network, stock, names):
    """Return the words of overlays, which the machine checks; one that the master lacks has no hash, and is refused."""
    site = f"{_site(lab, network)}/overlays"
    return "".join(f" lab.overlay={site}/{name}.tar.gz,{stock.overlays.get(name, '')}" for name in names)


def _at(lab, network, image):
    return f"{_site(lab, network)}/images/{image}"


def _site(lab, network):
    return f"http://{address(lab, servers(lab)['http'], network)}"


def _menu(lab):
    return ipxe.menu(lab.name, _classes(lab), lab.netboot.default, lab.netboot.timeout)


def _cmdline(lab, of, network, told):
    """Return the kernel command line of the image ``ram``, as a hypervisor gives it to its VMs (spec/domains.py)."""
    master = dict(lab.masters)[of]
    told = {**told, "master": facts.address_in(lab, master, network).ip, "domain": lab.domain}
    if router := lab.networks[network].dhcp.options.router:
        told["gw"] = derive.address(lab.networks, router)[1].ip
    return " ".join(["console=ttyS0", "quiet", *(f"lab.{key}={value}" for key, value in told.items())])
