"""
The programs that know what cloud-init and Ignition take: their own validators, from Debian's packages.

The packages are unpacked once beside the images and never installed: cloud-init would be a service of this machine.
"""

import json
import os
import subprocess
from functools import cache

from saltext.lab.command import run
from tests.support.fetched import once

PACKAGES = ("cloud-init", "ignition")
SEEDED = """\
import json, sys
from cloudinit import util
from cloudinit.sources.DataSourceNoCloud import load_cmdline_data
found = {}
assert load_cmdline_data(found, sys.argv[1])
about, *texts = util.read_seeded(found["seedfrom"], retries=0)
print(json.dumps([about, *[text.decode() for text in texts]]))
"""
CONVERT = ("-m", "cloudinit.cmd.main", "devel", "net-convert", "--kind", "yaml", "--distro", "debian")


def cloud_config(file):
    """Return what cloud-init's schema has against the cloud-config in *file*; empty for nothing."""
    return _said(*_python("-m", "cloudinit.cmd.main", "schema", "--config-file", file))


def network_config(file, folder, renderer):
    """Return what cloud-init writes for *renderer* of the network-config in *file* below *folder*: ``{path: text}``."""
    subprocess.run(
        [*_python(*CONVERT), "--network-data", file, "--directory", folder, "--output-kind", renderer],
        env=_environment(),
        check=True,
        capture_output=True,
        timeout=60,
    )
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def seeded(serial):
    """Return what cloud-init fetches by the SMBIOS *serial*: ``[meta-data, user-data, vendor-data]``."""
    done = subprocess.run(
        _python("-c", SEEDED, serial), env=_environment(), check=True, capture_output=True, text=True, timeout=60
    )
    return json.loads(done.stdout)


def ignition(file):
    """Return what ignition-validate has against the config in *file*; empty for nothing."""
    return _said(_home() / "usr/bin/ignition-validate", file)


def _python(*words):
    return "/usr/bin/python3", *words


def _environment():
    return os.environ | {"PYTHONPATH": str(_home() / "usr/lib/python3/dist-packages")}


def _said(*argv):
    done = subprocess.run(argv, env=_environment(), capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 and "rror" not in done.stderr else done.stdout + done.stderr


@cache
def _home():
    return once("validators", _fetch)


def _fetch(work):
    own = ("-oAPT::Sandbox::User=root", "--quiet")
    run("env", "-C", work, "apt-get", *own, "download", *PACKAGES, timeout=300)
    for archive in work.glob("*.deb"):
        run("dpkg-deb", "--extract", archive, work / "root")
    return work / "root"
