"""The connection to libvirt: kept, found again, apart in each process; what is said when it fails."""

import multiprocessing
import os

import libvirt
import pytest

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.plan import diff
from saltext.lab.virt import events, host, link
from saltext.lab.wait import until
from tests.support.libvirtd import libvirtd

BASE = {"type": "qemu", "memory_mib": 64, "machine": "q35"}
ALL = {"vm0", "vm1", "vm2", "vm3"}
STARTED = libvirt.VIR_DOMAIN_EVENT_STARTED


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        host.write(link.kept(daemon.uri), list(diff({}, dict.fromkeys(ALL, BASE))))
        yield daemon


def test_one_connection_is_kept_for_each_uri(daemon):
    one, other = link.kept(daemon.uri), link.kept(f"{daemon.uri}&mode=direct")

    assert link.kept(daemon.uri) is one
    assert other is not one
    assert {domain.name() for domain in other.listAllDomains()} == ALL


def test_one_that_is_asked_for_by_itself_is_closed_at_the_end(daemon):
    with link.connect(daemon.uri) as conn:
        assert conn is not link.kept(daemon.uri)
    with pytest.raises(libvirt.libvirtError):
        conn.listAllDomains()


def test_a_process_and_its_child_have_one_each_and_both_hear_events(daemon):
    hear(link.kept(daemon.uri))
    assert forked(lambda: hear(link.kept(daemon.uri))) == 0

    hear(link.kept(daemon.uri))
    assert "End of file" not in (daemon.home / "var/log/libvirt/libvirtd.log").read_text(errors="replace")


def test_a_connection_that_is_used_while_the_process_forks_goes_on_to_hear_events(daemon):
    with link.connect(daemon.uri) as conn:
        assert forked(os.getpid) == 0
        hear(conn)


def forked(do):
    """Return the exit code of a process like that of a job of a minion, which calls *do*."""
    child = multiprocessing.get_context("fork").Process(target=do)
    child.start()
    child.join(60)
    return child.exitcode


def hear(conn):
    """Start a guest and hear that it has started."""
    domain = conn.lookupByName("vm0")
    with events.of(conn, domain, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE) as heard:
        domain.create()
        heard.until(lambda _, event, detail: event == STARTED, 20, "start of vm0")
    domain.destroy()


def test_who_may_not_use_the_socket_is_told_so(daemon):
    socket = daemon.home / "run/libvirt/libvirt-sock"
    mode = socket.stat().st_mode
    socket.chmod(0o700)
    os.seteuid(65534)
    try:
        with pytest.raises(Refused, match="let this user in .* Permission denied") as caught, link.connect(daemon.uri):
            pass
    finally:
        os.seteuid(0)
        socket.chmod(mode)
    assert daemon.uri in str(caught.value)


def test_a_domain_that_goes_between_the_list_and_the_look_is_no_error(daemon, monkeypatch):
    gone = []

    def undefine(known):
        gone.append(next(name for name in ALL if f"<name>{name}</name>" not in known))
        assert daemon.run("virsh", "undefine", gone[0])

    at_the_second(monkeypatch, undefine)
    assert set(host.read(link.kept(daemon.uri))) == ALL - set(gone)


def test_a_libvirtd_that_dies_in_the_middle_of_a_look_is_unreachable_and_found_again(daemon, monkeypatch):
    at_the_second(monkeypatch, lambda _: daemon.crash())
    with pytest.raises(Unreachable, match="did not read domain vm. .* is libvirtd up") as caught:
        host.read(link.kept(daemon.uri))
    assert daemon.uri in str(caught.value)
    with pytest.raises(Unreachable, match="does not answer"):
        link.kept(daemon.uri)

    daemon.start()
    until(lambda: link.kept(daemon.uri), 60, "libvirtd")
    assert set(host.read(link.kept(daemon.uri))) == {one.name() for one in link.kept(daemon.uri).listAllDomains()}


def at_the_second(monkeypatch, do):
    """Have *do* called with the XML so far when that of the second domain has come."""
    read, texts = host.xml.read, []

    def reads(text):
        texts.append(text)
        if len(texts) == 2:
            do("".join(texts))
        return read(text)

    monkeypatch.setattr(host.xml, "read", reads)
