"""A libvirtd for each module, and functions that bring its domains to a wish; other modules have others."""

import pytest

from saltext.lab.virt import host
from tests.support import daemons, domains
from tests.support.libvirtd import libvirtd


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        (daemon.home / "var/log/libvirt/qemu").mkdir(exist_ok=True)  # libvirt makes it with the log of the first QEMU
        yield daemon


@pytest.fixture
def conn(daemon):
    with host.connect(daemon.uri) as conn:
        yield conn


@pytest.fixture
def bring(conn):
    return domains.bring_by(conn)


@pytest.fixture
def done(bring, conn):
    return domains.done_by(bring, conn)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with daemons.ovs(tmp_path_factory.mktemp("ovs")) as address:
        yield address
