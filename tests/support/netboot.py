"""A host that serves netboot, and machines on its wire: real dnsmasq, nginx and QEMU in network namespaces."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml
from pyroute2 import netns

from saltext.lab.netboot import dnsmasq, nginx, versions
from saltext.lab.netboot.versions import SERVED
from saltext.lab.plan import merge
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from tests.support import daemons
from tests.support.dhcp import Client

REPOSITORY = Path(__file__).parents[2]
SPEC = {
    "name": "boot",
    "domain": "boot.example",
    "masters": {"physical": "srv", "virtual": "srv"},
    "networks": {
        "mgmt": {"subnet": "10.76.0.0/24"},
        "lan": {"subnet": "10.77.0.0/24", "vlan": 10, "netboot": True, "dhcp": {"range": "100-199"}},
    },
    "hosts": {
        "srv": {
            **{"mac": "52:54:00:00:01:01", "address": "mgmt+1", "joins": ["lan+1"], "uplinks": {"trunk0": ["lan"]}},
            **{"roles": ["hypervisor"], "accel": "tcg", "datapath": "netdev"},
        }
    },
    "images": {"ram": {"kind": "ram"}},
    "classes": {"web": {"image": "ram", "nics": ["lan"], "boot": "ram"}},
    "vms": {name: {"class": "web", "host": "srv", "address": f"lan+{20 + n}"} for n, name in enumerate(("one", "two"))},
    "aliases": {"www": "one"},
    "netboot": {"dhcp": "srv", "default": "web", "timeout": 1},
}
LOADERS = (
    *("/usr/lib/ipxe/undionly.kpxe", "/usr/lib/ipxe/snponly.efi"),
    *("/usr/lib/PXELINUX/lpxelinux.0", "/usr/lib/syslinux/modules/bios/ldlinux.c32"),
)
#: What makes ours a server beside another one.
PROXY = {"networks": {"lan": {"dhcp": {"proxy": True, "range": None}}}}
#: A DHCP server that knows nothing of booting.
FOREIGN = """\
port=0
interface=c0
bind-interfaces
no-ping
dhcp-range=10.77.0.50,10.77.0.59,255.255.255.0,1h
dhcp-leasefile={home}/foreign.leases
"""
NGINX = """\
user root;
worker_processes 1;
events {{ worker_connections 64; }}
error_log {home}/nginx.err;
pid {home}/nginx.pid;
http {{
  access_log {home}/nginx.log;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  include {home}/lab.nginx;
}}
"""


def slice_of(patch=None, host="srv", ram=(), stock=None):
    """
    Return the part ``netboot`` of the slice of *host* in the lab of these tests after the merge patch *patch*.

    *ram* are the versions of the image ``ram`` that its master has, *stock* is all that it has.
    """
    stock = stock or versions.Stock({"ram": list(ram)} if ram else {})
    return compile(checked(merge(SPEC, patch or {})), stock)[host]["netboot"]


def version(folder, at="ram", kernel="6.1"):
    """Return the ``Version`` of the image in *folder*, as a manifest would tell it."""
    files = {name: {"sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()} for name in SERVED}
    return versions.version(at, {"served": SERVED, "files": files, "kernel": kernel})


class Server:
    """The daemons of one host, with files below *home*; ``put`` does what the formula does with files."""

    def __init__(self, space, home):
        self.space, self.home = space, home
        self.log, self.leases = home / "dnsmasq.log", home / "leases"

    def here(self, text):
        """Return *text* with the places of the files below ``home``."""
        moved = {dnsmasq.LEASES: self.leases, dnsmasq.LOG: self.log, dnsmasq.TFTP: self.home / "tftp"}
        moved |= {of: self.home / Path(of).name for of in (dnsmasq.HOSTS, dnsmasq.OPTIONS, dnsmasq.NAMES)}
        for before, after in {**moved, nginx.ROOT: self.home / "http"}.items():
            text = text.replace(before, str(after))
        return text

    def put(self, part):
        """Write the files of *part*, and remove those that are not in it."""
        trees = {name: part["dnsmasq"].get(name, {}) for name in ("hosts", "options", "names")}
        trees["tftp/pxelinux.cfg"] = part["dnsmasq"].get("pxelinux", {})
        trees |= {f"http/boot/{network}": files for network, files in part.get("nginx", {}).get("boot", {}).items()}
        (self.home / "dnsmasq.conf").write_text(self.here(part["dnsmasq"]["conf"]))
        (self.home / "lab.nginx").write_text(self.here(part.get("nginx", {}).get("conf", "")))
        self.announces(part)
        for name, files in trees.items():
            self._keep(self.home / name, files)

    def announces(self, part):
        """Give its links the addresses from which it announces IPv6."""
        for link, prefix in part["dnsmasq"].get("links", {}).items():
            ip(self.space, f"address replace {prefix} dev {link} nodad")

    def _keep(self, folder, files):
        folder.mkdir(parents=True, exist_ok=True)
        for gone in {path.name for path in folder.iterdir()} - files.keys():
            (folder / gone).unlink()
        for name, text in files.items():
            if not (folder / name).exists() or (folder / name).read_text() != text:
                new = folder / f".{name}"  # dnsmasq leaves out what begins with a dot
                new.write_text(text)
                new.rename(folder / name)

    @contextmanager
    def dnsmasq(self):
        """Run dnsmasq; yield its pid."""
        argv = (f"--conf-file={self.home}/dnsmasq.conf", f"--pid-file={self.home}/pid", "--user=root", "--no-resolv")
        with daemons.daemon(self.home / "pid", "ip", "netns", "exec", self.space, "dnsmasq", *argv) as pid:
            yield pid

    @contextmanager
    def nginx(self):
        """Run nginx."""
        (self.home / "nginx.conf").write_text(NGINX.format(home=self.home))
        argv = ("ip", "netns", "exec", self.space, "nginx", "-c", self.home / "nginx.conf", "-e", "stderr")
        with daemons.daemon(self.home / "nginx.pid", *argv):
            yield

    def reload(self):
        """Have dnsmasq read everything again, as `systemctl reload dnsmasq` does."""
        os.kill(int((self.home / "pid").read_text()), signal.SIGHUP)

    def fill(self, image):
        """Put *image*, a directory, and what loads it where machines fetch them; return its ``Version``."""
        for file in LOADERS:
            _copy(file, self.home / "tftp" / Path(file).name)
        _copy("/boot/ipxe.efi", self.home / "http/ipxe.efi")
        made = version(image)
        for file in SERVED:
            _copy(image / file, self.home / "http/images/ram" / made.id / file)
        return made

    def told(self, address):
        """Return what the machine with *address* has told."""
        return sorted(path.name for path in (self.home / "http/told" / address).glob("*"))

    def fetched(self):
        """Return the paths that nginx has handed out, in order."""
        log = self.home / "nginx.log"
        rows = [line.split('"') for line in log.read_text().splitlines()] if log.exists() else []
        return [row[1].split()[1] for row in rows if row[2].split()[0] in ("200", "206")]


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


class Wire:
    """A bridge ``lan`` that servers and machines are on: its namespace, and one for each who is on it besides."""

    def __init__(self, stack, name):
        self.stack, self.name = stack, name
        self.space = self.join("srv", "10.77.0.1/24", link=None)

    def join(self, name, address, link="c0", tap=False):
        """Return the namespace of *name*, which has *address* on its interface *link* to the bridge."""
        space = f"nb{os.getpid()}-{self.name}-{name}"
        netns.create(space)
        self.stack.callback(netns.remove, space)
        if link is None:
            ip(space, "link set lo up", "link add lan type bridge forward_delay 0", "link set lan up")
        else:
            ip(self.space, f"link add v-{name} type veth peer name {link} netns {space}")
            ip(self.space, f"link set v-{name} master lan", f"link set v-{name} up")
            ip(space, f"link set {link} up")
        ip(space, f"address add {address} dev {link or 'lan'}")
        return space

    def tap(self, name):
        """Make a tap *name* for a guest; QEMU has to run in ``space``."""
        ip(self.space, f"tuntap add dev {name} mode tap", f"link set {name} master lan", f"link set {name} up")
        return name

    def client(self, name, address, port=68):
        """Return a function that has a DHCP client at *address* ask: ``client("lease", mac)``."""
        space = self.join(name, address)
        thread = self.stack.enter_context(ThreadPoolExecutor(1, initializer=netns.setns, initargs=(space,)))
        client = thread.submit(Client, "c0", port).result()
        self.stack.callback(client.socket.close)
        return lambda what, *args, **more: thread.submit(getattr(client, what), *args, **more).result()


@contextmanager
def wire(name):
    """Yield a ``Wire`` that is gone at the end."""
    with ExitStack() as stack:
        yield Wire(stack, name)


def call(home, server, function, *words):
    """Return what ``salt-call lab_netboot.FUNCTION`` says on *server*; its minion is in the directory *home*."""
    config = {"id": "srv", "file_client": "local", "root_dir": str(home), "log_level_logfile": "quiet"}
    config |= {"module_dirs": [str(REPOSITORY / "salt")], "enable_fqdns_grains": False, "enable_gpu_grains": False}
    config["lab"] = {"netboot": {"leases": str(server.leases), "seen": str(home / "seen")}}
    (home / "minion").write_text(yaml.safe_dump(config))
    argv = ["ip", "netns", "exec", server.space, Path(sys.executable).parent / "salt-call", "-c", home, "--local"]
    argv += ["--out=json", "-l", "error", f"lab_netboot.{function}", *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    return json.loads(done.stdout)["local"] if done.returncode == 0 else done.stderr


def python(space, program, *words):
    """Return what the Python *program* printed in the namespace *space*."""
    argv = ["ip", "netns", "exec", space, sys.executable, "-c", program, *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def ip(space, *lines):
    """Run lines of ``ip`` in the namespace *space*."""
    text = "\n".join(lines)
    subprocess.run(["ip", "-n", space, "-batch", "-"], input=text, text=True, check=True, timeout=20)


@contextmanager
def guest(wire, name, mac, log, firmware="bios", memory=256, more=()):  # noqa: PLR0913, PLR0917
    """
    Run a blank machine that boots from its card with *mac*; its serial console is the file *log*.

    It has *memory* in MiB, and no disk unless the words *more* for QEMU give it one.  Yields its process.
    """
    argv = qemu(wire, name, mac, f"file:{log}", memory, firmware, log.with_suffix(".vars"), more)
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def qemu(wire, name, mac, serial, memory, firmware="bios", variables=None, more=()):  # noqa: PLR0913, PLR0917
    """Return the words that run such a machine with its serial console at *serial*; UEFI keeps *variables*, a file."""
    # The card's iPXE waits 2 s for a key, also where QEMU has the kernel.
    rom = "" if firmware == "bios" and "-kernel" not in more else ",romfile="
    card = f"virtio-net-pci,netdev=n0,mac={mac},bootindex=1{rom}"
    return [
        *("ip", "netns", "exec", wire.space, "qemu-system-x86_64", "-machine", "pc" if firmware == "bios" else "q35"),
        *("-accel", "tcg,tb-size=128", "-cpu", "qemu64", "-m", str(memory), "-nodefaults", "-display", "none"),
        *("-serial", serial, "-netdev", f"tap,id=n0,ifname={wire.tap(f't-{name}')},script=no,downscript=no"),
        *("-device", card, *_firmware(firmware, variables), *more),
    ]


def _firmware(firmware, variables):
    if firmware == "bios":
        return ()
    shutil.copy("/usr/share/OVMF/OVMF_VARS_4M.fd", variables)
    flash = ("-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd")
    flash += ("-drive", f"if=pflash,format=raw,file={variables}")
    off = ("IPv6Support", "IPv4PXESupport") if firmware == "http" else ("IPv6Support",)
    return *flash, *(word for one in off for word in ("-fw_cfg", f"name=opt/org.tianocore/{one},string=n"))


@contextmanager
def foreign(space, home):
    """Run a dnsmasq that is not ours in the namespace *space*."""
    (home / "foreign.conf").write_text(FOREIGN.format(home=home))
    argv = (f"--conf-file={home}/foreign.conf", f"--pid-file={home}/foreign.pid", "--user=root")
    with daemons.daemon(home / "foreign.pid", "ip", "netns", "exec", space, "dnsmasq", *argv):
        yield


def many(count):
    """Return ``(mac, address)`` of *count* machines in the network of ``thousand``."""
    return [(f"52:54:01:00:{n >> 8:02x}:{n & 255:02x}", f"10.77.{4 + (n >> 8)}.{n & 255}") for n in range(count)]


@contextmanager
def thousand(wire, home):
    """Yield a server that runs in a network with room, a client of it, and what adds that many machines to it."""
    server, ask = Server(wire.space, home), wire.client("cli", "10.77.15.250/20")
    part = slice_of({"networks": {"lan": {"subnet": "10.77.0.0/20"}}})
    server.put(part)

    def add(count):
        machines = many(count)
        hosts = {f"h{n}": dnsmasq.reservation(mac, at, f"h{n}", "infinite") for n, (mac, at) in enumerate(machines)}
        server.put({**part, "dnsmasq": {**part["dnsmasq"], "hosts": part["dnsmasq"]["hosts"] | hosts}})
        return machines

    ip(wire.space, "address replace 10.77.0.1/20 dev lan", "address delete 10.77.0.1/24 dev lan")
    with server.dnsmasq():
        yield server, ask, add
