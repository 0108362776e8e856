"""BMCs of real domains: VirtualBMC for IPMI, the emulator of sushy-tools for Redfish; some that lie, some silent."""

import hashlib
import json
import socket
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import bcrypt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = "127.0.0.1"
USER, PASSWORD = "lab", "hush-hush/42"
#: One that lies takes every order, and follows none.  VirtualBMC 3.3 has SHA-1 alone, and does not refuse who proposes
#: SHA-256 (IPMI 2.0 table 13-10, status 11h), which every BMC does: pyghmi 1.6 then takes its SHA-1 for SHA-256.
IPMI = """
import json, sys
from pyghmi.ipmi.private.serversession import ServerSession
from virtualbmc.vbmc import VirtualBMC
told = json.loads(sys.stdin.readline())
accept = ServerSession.create_open_session_response
refuse = lambda request: bytearray([request[0], 0x11, 0, 0]) + request[4:8]
ServerSession.create_open_session_response = lambda self, request: (
    accept(self, request) if request[12] == 1 else refuse(request)
)
if told["lies"]:
    VirtualBMC.power_on = VirtualBMC.power_off = lambda self: 0
bmc = VirtualBMC(told["user"], told["password"], 0, "127.0.0.1", told["domain"], told["uri"])
bmc.port = bmc.serversocket.getsockname()[1]
print(bmc.port, flush=True)
bmc.listen()
"""
REDFISH = """
import json, logging, sys
from sushy_tools.emulator import main
from sushy_tools.emulator.resources.systems.libvirtdriver import LibvirtDriver
from werkzeug.serving import make_server
told = json.loads(sys.stdin.readline())
if told["lies"]:
    LibvirtDriver.set_power_state = lambda *_: None
main.app.configure(extra_config=told["config"])
server = make_server("127.0.0.1", 0, main.app, threaded=True, ssl_context=(told["certificate"], told["key"]))
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextmanager
def ipmi(uri, domain, lies=False):
    """Run a BMC of *domain*; yield the settings of a driver for it."""
    told = {"uri": uri, "domain": domain, "user": USER, "password": PASSWORD, "lies": lies}
    with _running(IPMI, told) as port:
        yield {"driver": "ipmi", "address": HERE, "port": port, "user": USER, "password": PASSWORD}


@contextmanager
def redfish(uri, home, lies=False):
    """Run a BMC of all domains of that libvirt, with its files in directory *home*; yield the settings of a driver."""
    certificate, key = _certificate(home)
    logins = home / "logins"
    logins.write_text(f"{USER}:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}\n")
    config = {"LIBVIRT_URI": uri, "AUTH_FILE": str(logins), "STATE_DIR": str(home / "state")}
    told = {"config": {f"SUSHY_EMULATOR_{name}": value for name, value in config.items()}, "lies": lies}
    with _running(REDFISH, told | {"certificate": str(certificate), "key": str(key)}) as port:
        pinned = {"certificate": fingerprint(certificate)}
        yield {"driver": "redfish", "url": f"https://{HERE}:{port}", "user": USER, "password": PASSWORD} | pinned


@contextmanager
def silent(kind, family=socket.AF_INET, place=(HERE, 0)):
    """Yield the address of somebody who takes what comes, and says nothing."""
    with socket.socket(family, kind) as ear:
        ear.bind(place)
        if kind == socket.SOCK_STREAM:
            ear.listen()
        yield ear.getsockname()


def fingerprint(certificate):
    """Return the SHA-256 of the *certificate* in that file, as openssl prints it."""
    shown = x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(serialization.Encoding.DER)
    return hashlib.sha256(shown).digest().hex(":").upper()


@contextmanager
def _running(program, told):
    """Run the Python *program*, to which *told* is said; yield the port that it prints when it listens."""
    argv = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-c", program]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(argv, **pipes) as process:
        try:
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()
            yield int(process.stdout.readline())
        finally:
            process.kill()


def _certificate(home):
    """Write a certificate that nobody vouches for, and its key; return both files."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    begin, end = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, end)
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (home / "key.pem").write_bytes(plain)
    (home / "bmc.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    return home / "bmc.pem", home / "key.pem"
