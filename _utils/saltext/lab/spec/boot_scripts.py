"""Who boots what: the scripts that iPXE gets, and the images that they name.  Pure."""

import ipaddress

from saltext.lab.netboot import install, ipxe
from saltext.lab.spec import blocks, derive, facts
from saltext.lab.spec.netboot_facts import (
    INSTALLER,
    ONCE,
    address,
    class_overlays,
    images_of,
    machines,
    networks,
    overlays,
    servers,
)


def of(lab, stock):
    """
    Return ``boot``, ``{network: {script: text}}``, and what is served for it.

    ``images`` is ``{image: [version]}``, the current one first; ``overlays`` is ``{file: sha256}``; ``missing`` names
    what the master lacks.
    """
    scripts = {network: _scripts(lab, network, stock) for network in networks(lab, "netboot")}
    return {"boot": scripts} | _served(lab, stock)


def _served(lab, stock):
    named = {image for one in machines(lab) for image in images_of(one)}
    images = sorted(named | {lab.classes[name].image for name in _classes(lab)})
    return {
        "verify": lab.netboot.verify,
        "images": {
            name: [_files(one, lab.netboot.verify) for one in stock.images[name]]
            for name in images
            if name in stock.images
        },
        "overlays": {name: stock.overlays[name] for name in overlays(lab) if name in stock.overlays},
        "missing": [
            *(f"image {name}" for name in images if name not in stock.images),
            *(f"overlay {name}" for name in overlays(lab) if name not in stock.overlays),
        ],
    }


def _files(version, verify):
    """Return what the formula serves of *version*; GRUB wants signatures of what a machine boots into memory."""
    signed = ("vmlinuz", ipxe.INITRD) if verify and ipxe.INITRD in version.sha256 else ()
    return {"id": version.id, "at": version.at, "files": version.sha256 | {f"{name}.sig": "" for name in signed}}


def _classes(lab):
    """Return the classes that any machine can boot, sorted."""
    return sorted(name for name, kind in lab.classes.items() if kind.boot == "ram")


def _scripts(lab, network, stock):
    found = {"boot.ipxe": ipxe.first(), "default.ipxe": _menu(lab)}
    for name in _classes(lab):
        found |= _ram(lab, network, f"class-{name}", of_class(lab, network, stock, name))
    for name, block in blocks.patterns(lab).items():
        if block.network == network:
            found[f"block-{name}.ipxe"] = ipxe.first(f"class-{block.class_}.ipxe")
    for one in machines(lab):
        if one.network == network and one.boot:
            found |= _own(lab, stock, one)
    return found


def _own(lab, stock, one):
    """Return the script of one machine, and what belongs to it."""
    name = ipxe.file(one.mac)
    if one.boot == "local":
        return {name: ipxe.local()}
    if one.boot == ONCE:
        return {name: _install(lab, one, stock.images)}
    return _ram(lab, one.network, name.removesuffix(".ipxe"), of_machine(lab, stock, one))


def _ram(lab, network, name, boots):
    """Return the script *name* of one who *boots* into memory and, where GRUB verifies that, its plans."""
    if not lab.netboot.verify:
        return {f"{name}.ipxe": boots.script()}
    plans = {f"{name}-{turn}.plan": text for turn, text in enumerate(boots.plans())}
    return {f"{name}.ipxe": boots.script(f"/boot/{network}/{name}")} | plans


def of_class(lab, network, stock, name):
    """Return the ``ipxe.Ram`` of a machine of class *name* that the lab does not name."""
    mask = ipaddress.IPv4Network(lab.networks[network].subnet).prefixlen
    told = ipxe.UNKNOWN | {"ip": f"{ipxe.UNKNOWN['ip']}/{mask}"}
    words = _words(lab, "virtual", network, told) + _over(lab, network, stock, class_overlays(lab, name))
    image = lab.classes[name].image
    return ipxe.Ram(_site(lab, network), image, stock.images.get(image, []), words)


def of_machine(lab, stock, one):
    """Return the ``ipxe.Ram`` of *one*, which boots into memory."""
    told = {"id": one.name, "ip": derive.address(lab.networks, one.place)[1]}
    words = _words(lab, one.of, one.network, told) + _over(lab, one.network, stock, one.overlays)
    return ipxe.Ram(_site(lab, one.network), one.image, stock.images.get(one.image, []), words, told=True)


def _over(lab, network, stock, names):
    """Return the words of overlays, which the machine checks; one that the master lacks has no hash, and is refused."""
    site = f"http://{_site(lab, network)}/overlays"
    return [f"lab.overlay={site}/{name}.tar.gz,{stock.overlays.get(name, '')}" for name in names]


def _install(lab, one, images):
    """Return the script of a machine that is installed once, from the current version of its image."""
    site = f"http://{_site(lab, one.network)}/images"
    if not (images.get(INSTALLER) and images.get(one.image)):
        return ipxe.Ram(site, one.image, [], []).script()
    installer, image = images[INSTALLER][0], images[one.image][0]
    url = f"{site}/{one.image}/{image.id}/{install.ARCHIVE}"
    told = {"id": one.name, "ip": derive.address(lab.networks, one.place)[1]}
    told |= install.words(lab.name, one.mac, one.install.model_dump(), url, image.sha256[install.ARCHIVE])
    words = " ".join(_words(lab, one.of, one.network, told))
    return install.script(one.mac, f"{site}/{INSTALLER}/{installer.id}", words)


def _site(lab, network):
    return str(address(lab, servers(lab)["http"], network))


def _menu(lab):
    return ipxe.menu(lab.name, _classes(lab), lab.netboot.default, lab.netboot.timeout)


def _words(lab, of, network, told):
    """Return the words of the kernel's command line, as a hypervisor gives them to its VMs (spec/domains.py)."""
    master = dict(lab.masters)[of]
    told = {**told, "master": facts.address_in(lab, master, network).ip, "domain": lab.domain}
    if router := lab.networks[network].dhcp.options.router:
        told["gw"] = derive.address(lab.networks, router)[1].ip
    return ["console=ttyS0", "quiet", *(f"lab.{key}={value}" for key, value in told.items())]
