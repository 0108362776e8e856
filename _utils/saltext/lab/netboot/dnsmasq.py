"""
The configuration of dnsmasq as text.  Pure.

What changes while it runs stands in directories that it watches, never in its one file of configuration, for which it
has to be restarted.  No ``set:`` is in the hosts directory: dnsmasq 2.90 dies of it at SIGHUP.
"""

from saltext.lab.netboot.pxelinux import LOADER

HOSTS, OPTIONS, NAMES = (f"/etc/saltext-lab/netboot/{name}" for name in ("hosts", "options", "names"))
TFTP = "/srv/netboot/tftp"
LOG = "/var/log/saltext-lab-dnsmasq.log"
LEASES = "/var/lib/misc/dnsmasq.leases"
#: Codes of client architectures (RFC 4578, and the IANA registry "Processor Architecture Types"), and what they load.
ARCHITECTURES = {"bios": (0,), "efi": (7, 9), "http": (16,)}
LOADERS = {"bios": "undionly.kpxe", "efi": "snponly.efi"}
#: What proxyDHCP calls them (dnsmasq(8), --pxe-service).
SERVICES = {"x86PC": "bios", "X86-64_EFI": "efi", "BC_EFI": "efi"}
#: As option 175.176 says it: iPXE shall not wait for a proxyDHCP server (https://ipxe.org/howto/dhcpd).
NO_PROXY = "dhcp-option=tag:{network},encap:175,176,1b"
#: A PXELINUX that cannot load what it consists of starts the machine again after 10 s, and not after 5 min: options
#: PXELINUX Magic and Reboot Time (RFC 5071).
AGAIN = ("dhcp-option-force=tag:pxelinux,208,f1:00:74:7e", "dhcp-option-force=tag:pxelinux,211,10i")


def base(links):
    """Return the lines of any server that listens on the interfaces *links*."""
    return [*(f"interface={link}" for link in links), "bind-dynamic", "no-hosts", f"log-facility={LOG}"]


def dns(domain):
    """Return the lines of a name server for *domain*; without it there is none (``port=0``)."""
    return [f"domain={domain}", f"local=/{domain}/", f"hostsdir={NAMES}", "localise-queries", "domain-needed"]


def dhcp(pxelinux):
    """Return the lines of a DHCP server that has networks; those with the MACs *pxelinux* load that, never iPXE."""
    match = [f"dhcp-match=set:{name},option:client-arch,{code}" for name, of in ARCHITECTURES.items() for code in of]
    tagged = [*(f"dhcp-mac=set:pxelinux,{mac}" for mac in pxelinux), *(AGAIN if pxelinux else ())]
    watched = [f"dhcp-hostsdir={HOSTS}", f"dhcp-optsdir={OPTIONS}", f"dhcp-leasefile={LEASES}"]
    return ["dhcp-authoritative", "enable-ra", "log-dhcp", *watched, "dhcp-match=set:ipxe,175", *match, *tagged]


def tftp():
    """Return the lines of a TFTP server."""
    return ["enable-tftp", f"tftp-root={TFTP}"]


def network(name, subnet, numbers, lease):
    """Return the line of network *name*; *numbers* is the first and the last address, or None for known hosts only."""
    first, last = numbers or (subnet.network_address, "static")
    return f"dhcp-range=set:{name},{first},{last},{subnet.netmask},{lease}"


def announce(link, prefix):
    """
    Return the lines that announce the IPv6 network *prefix* on *link*, and no router.

    iPXE asks for one before it does anything else, and waits 16 s for an answer.
    """
    return [f"dhcp-range={prefix.network_address},ra-stateless,{prefix.prefixlen},infinite", f"ra-param={link},0,0"]


def proxy(name, subnet):
    """Return the line of network *name* where another server gives the addresses."""
    return f"dhcp-range=set:{name},{subnet.network_address},proxy,{subnet.netmask}"


def block(name, mac, numbers, netmask, lease):  # noqa: PLR0913, PLR0917
    """Return the lines of the block *name*: machines whose MAC fits *mac*, with addresses of their own if *numbers*."""
    own = [f"dhcp-range=tag:block-{name},{numbers[0]},{numbers[1]},{netmask},{lease}"] if numbers else []
    return [f"dhcp-mac=set:block-{name},{mac}", f"tag-if=set:block,tag:block-{name}", *own]


def boot(network, tftp, http, blocks):
    """Return the lines that lead machines in *network* to iPXE, and iPXE to its script; the servers are addresses."""
    scripts, to_ipxe = f"http://{http}/boot/{network}", f"tag:{network},tag:!pxelinux"
    loads = [f"dhcp-boot={to_ipxe},tag:{arch},tag:!ipxe,{file},,{tftp}" for arch, file in LOADERS.items()]
    return [
        NO_PROXY.format(network=network),
        *loads,
        f"dhcp-option-force={to_ipxe},tag:http,tag:!ipxe,60,HTTPClient",
        f"dhcp-boot={to_ipxe},tag:http,tag:!ipxe,http://{http}/ipxe.efi",
        *(f"dhcp-boot={to_ipxe},tag:ipxe,tag:block-{name},{scripts}/block-{name}.ipxe" for name in blocks),
        f"dhcp-boot={to_ipxe},tag:ipxe,tag:!block,{scripts}/boot.ipxe",
        f"dhcp-boot=tag:{network},tag:pxelinux,tag:bios,{LOADER},,{tftp}",
    ]


def proxy_boot(network, tftp, http):
    """Return the lines of ``boot`` where another server gives the addresses."""
    services = [
        f'pxe-service=tag:{network},tag:!ipxe,{kind},"iPXE",{LOADERS[arch]},{tftp}' for kind, arch in SERVICES.items()
    ]
    # Without a server's address iPXE does not take the name, and asks at port 4011 in vain.
    return [*services, f"dhcp-boot=tag:{network},tag:ipxe,http://{http}/boot/{network}/boot.ipxe,,{http}"]


def reservation(mac, address, name, lease):
    """Return what stands in the hosts directory for one machine."""
    return f"{mac},{address},{name},{lease}\n"


def options(network, told):
    """Return what stands in the options directory for *network*; *told* is ``{option: text}``."""
    return "".join(f"tag:{network},option:{option}{',' * bool(value)}{value}\n" for option, value in told.items())


def names(addresses, name, domain, aliases):
    """Return what DNS says of machine *name*."""
    words = " ".join(f"{one}.{domain} {one}" for one in (name, *aliases))
    return "".join(f"{address} {words}\n" for address in addresses)
