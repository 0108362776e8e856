"""Images on a real libvirtd, from files and from a real web server."""

import hashlib
import http.server
import subprocess
import tempfile
import threading
from functools import partial
from pathlib import Path

import pytest

from saltext.lab.outcome import Things
from saltext.lab.virt import image, link, pool, volume_find, volume_xml
from saltext.lab.virt.here import Here
from saltext.lab.virt.marks import Marks
from saltext.lab.virt.pool_xml import blank
from saltext.lab.virt.volume_model import Image, Images
from tests.support import storage
from tests.support.libvirtd import libvirtd

CONTENT = b"the root file system" + bytes((3 << 20) - 20)
RAW = {"source_format": "raw", "format": "raw"}


class Server(http.server.ThreadingHTTPServer):
    """Serves *files* by path; ``None`` breaks off in the middle, a text sends on to that address."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked = {}, []

    def url(self, name):
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path.strip("/"), 404)
        if content == 404:
            return self.send_error(404)
        self.send_response(302 if isinstance(content, str) else 200)
        self.send_header("Location", content) if isinstance(content, str) else None
        self.send_header("Content-Length", str(0 if isinstance(content, str) else len(content or CONTENT)))
        self.end_headers()
        return self.wfile.write(content if isinstance(content, bytes) else CONTENT[:1000] if content is None else b"")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        storage.trace(daemon)
        yield daemon


@pytest.fixture
def web():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(20)


@pytest.fixture
def here(daemon, tmp_path):
    with link.connect(daemon.uri) as conn:
        yield Here(conn, Marks(tmp_path / "marks"), cache=str(tmp_path / "cache"))
        storage.clean(conn)


@pytest.fixture
def vms(daemon, here):
    """The path of a pool that runs."""
    with tempfile.TemporaryDirectory(dir=daemon.home) as home:
        text = blank("dir", "vms").replace("</pool>", f"<target><path>{home}</path></target></pool>")
        here.conn.storagePoolDefineXML(text).create()
        yield Path(home)


@pytest.fixture
def bring(here, vms):
    def things(wish):
        return Things("i", Images, partial(image.read, here, wish), partial(image.write, here), volume_xml.impact)

    return lambda wish, test=False: storage.bring_by(things)(volume_xml.flat({"vms": wish}), test)


@pytest.fixture
def done(bring, here):
    return storage.done_by(bring, partial(storage.everything, here.conn))


@pytest.fixture
def raw(tmp_path):
    path = tmp_path / "raw.img"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def qcow2(tmp_path, raw):
    path = tmp_path / "image.qcow2"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path], check=True)
    return path


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cached(here):
    return sorted(file.name for file in Path(here.cache).iterdir()) if Path(here.cache).exists() else []


def content(path, kind):
    """What a guest would read from the disk at *path*."""
    with tempfile.NamedTemporaryFile() as flat:
        subprocess.run(["qemu-img", "convert", "-f", kind, "-O", "raw", path, flat.name], check=True)
        return Path(flat.name).read_bytes()


def test_each_field_has_its_test():
    assert set(Image.model_fields) == {"source", "sha256", "source_format", "format"}


@pytest.mark.parametrize("kind", ["raw", "qcow2"])
@pytest.mark.parametrize("source_format", ["raw", "qcow2", "vmdk", "vdi"])
def test_an_image_is_converted_and_has_the_same_content(kind, source_format, done, raw, tmp_path, vms, here):
    path = tmp_path / f"image.{source_format}"
    if source_format == "raw":
        raw.rename(path)
    else:
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", source_format, raw, path], check=True)
    wish = {"deb": {"source": str(path), "sha256": sha(path), "source_format": source_format, "format": kind}}
    done(wish)

    assert content(vms / "deb", kind) == CONTENT
    assert image.read(here)["vms:deb"].items() >= {"format": kind, "size_mib": 3, "sha256": sha(path)}.items()
    assert cached(here) == [sha(path)]
    done({"deb": None})
    assert list(vms.iterdir()) == []


def test_holes_of_a_raw_image_are_holes_in_the_pool(done, tmp_path, vms):
    path = tmp_path / "holes.img"
    with path.open("wb") as file:
        file.write(b"start")
        file.seek(64 << 20)
        file.write(b"middle")
        file.truncate(256 << 20)
    done({"deb": RAW | {"source": str(path), "sha256": sha(path)}})

    assert sha(vms / "deb") == sha(path)
    assert (vms / "deb").stat().st_blocks * 512 < 8 << 20


def test_formats_that_are_not_stated_are_those_of_the_source(done, qcow2, vms):
    done({"deb": {"source": str(qcow2), "sha256": sha(qcow2)}})

    assert (vms / "deb").read_bytes()[:4] == b"QFI\xfb"


@pytest.mark.parametrize("scheme", ["http", "file", "path"])
def test_an_image_comes_from_each_kind_of_source(scheme, done, web, raw, vms):
    web.files["raw.img"] = CONTENT
    source = {"http": web.url("raw.img"), "file": raw.as_uri(), "path": str(raw)}[scheme]
    done({"deb": RAW | {"source": source, "sha256": sha(raw)}})

    assert (vms / "deb").read_bytes() == CONTENT
    assert web.asked == (["/raw.img"] if scheme == "http" else [])


@pytest.mark.parametrize("scheme", ["http", "path"])
def test_another_hash_is_refused_and_leaves_nothing(scheme, bring, web, raw, vms, here):
    web.files["raw.img"] = CONTENT
    source = web.url("raw.img") if scheme == "http" else str(raw)
    refused = bring({"deb": RAW | {"source": source, "sha256": "0" * 64}})

    assert (refused["result"], refused["changes"]) == (False, {})
    assert f"its SHA-256 is {sha(raw)}, not {'0' * 64}" in refused["comment"]
    assert (cached(here), list(vms.iterdir()), image.read(here)) == ([], [], {})


def test_a_download_that_breaks_off_leaves_nothing_and_is_tried_again(bring, web, raw, vms, here):
    web.files["raw.img"] = None
    wish = {"deb": RAW | {"source": web.url("raw.img"), "sha256": sha(raw)}}
    failed = bring(wish)
    assert (failed["result"], cached(here), list(vms.iterdir())) == (False, [], [])
    assert f"it broke off {len(CONTENT) - 1000} bytes before its end" in failed["comment"]
    web.files["raw.img"] = CONTENT

    assert bring(wish)["result"] is True


@pytest.mark.parametrize(
    ("target", "why"),
    [("ftp://127.0.0.1/x", "it sends us on to ftp:"), ("file:///etc/passwd", "not allowed"), ("none", "Not Found")],
)
def test_a_server_sends_on_to_nothing_but_http(target, why, bring, web, raw, here):
    web.files["raw.img"] = target if ":" in target else web.url(target)
    failed = bring({"deb": RAW | {"source": web.url("raw.img"), "sha256": sha(raw)}})

    assert failed["result"] is False
    assert "cannot be read" in failed["comment"]
    assert why in failed["comment"]
    assert cached(here) == []


def test_a_redirection_to_another_address_is_followed(done, web, raw):
    web.files |= {"raw.img": CONTENT, "latest": web.url("raw.img")}
    done({"deb": RAW | {"source": web.url("latest"), "sha256": sha(raw)}})


def test_what_is_cached_is_not_fetched_again_but_hashed_again(bring, web, raw, vms, here):
    web.files["raw.img"] = CONTENT
    wish = RAW | {"source": web.url("raw.img"), "sha256": sha(raw)}
    bring({"deb": wish})
    bring({"deb2": wish})
    assert web.asked == ["/raw.img"]
    Path(here.cache, sha(raw)).write_bytes(b"forged")
    bring({"deb3": wish})

    assert web.asked == ["/raw.img"] * 2
    assert (vms / "deb3").read_bytes() == CONTENT


def test_an_image_of_another_hash_is_told_and_refused_and_another_place_is_no_change(done, bring, raw, tmp_path, vms):
    done({"deb": RAW | {"source": str(raw), "sha256": sha(raw)}})
    refused = bring({"deb": RAW | {"source": str(raw), "sha256": "1" * 64}})
    same = done({"deb": RAW | {"source": "https://nowhere.example/raw.img", "sha256": sha(raw)}})

    assert refused["result"] is False
    assert "vms:deb.sha256 cannot change" in refused["comment"]
    assert (same, (vms / "deb").read_bytes()) == ({}, CONTENT)


def test_an_image_that_names_another_file_is_refused(bring, tmp_path, raw, vms):
    path = tmp_path / "top.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", raw, "-F", "raw", path], check=True)
    refused = bring({"deb": {"source": str(path), "sha256": sha(path)}})

    assert refused["result"] is False
    assert "needs another file" in refused["comment"]
    assert list(vms.iterdir()) == []


def test_a_raw_image_that_looks_like_qcow2_is_not_taken_for_one(done, tmp_path, raw, vms):
    path = tmp_path / "top.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", raw, "-F", "raw", path], check=True)
    done({"deb": {"source": str(path), "sha256": sha(path), "source_format": "raw", "format": "qcow2"}})

    assert content(vms / "deb", "qcow2")[: path.stat().st_size] == path.read_bytes()


def test_a_volume_of_somebody_else_is_no_image(bring, vms, raw, here):
    (vms / "deb").write_bytes(b"precious")
    pool.refresh(here.conn, "vms")
    for wish in ({"deb": RAW | {"source": str(raw), "sha256": sha(raw)}}, {"deb": None}):
        refused = bring(wish)
        assert (refused["result"], refused["changes"]) == (False, {})
        assert "vms:deb is no image of this suite" in refused["comment"]
    assert (vms / "deb").read_bytes() == b"precious"


def test_an_image_that_a_killed_run_left_is_made_again(bring, done, vms, raw, here):
    wish = {"deb": RAW | {"source": str(raw), "sha256": sha(raw)}}
    home = here.conn.storagePoolLookupByName("vms")
    here.marks.put(volume_find.marked(home), "deb", {"unfinished": True, "sha256": sha(raw), "path": str(vms / "deb")})
    (vms / "deb").write_bytes(b"half")
    home.refresh()

    assert "vms:deb" not in image.read(here)
    assert bring(wish)["result"] is True
    assert (vms / "deb").read_bytes() == CONTENT
    assert done(wish) == {}


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"source": "ftp://a.example/b", "sha256": "0" * 64}, "i:vms:deb:source is 'ftp://a.example/b'"),
        ({"source": "/srv/a"}, "i:vms:deb:sha256 is missing"),
        ({"source": "/srv/a", "sha256": "0" * 63}, "i:vms:deb:sha256"),
        ({"sha256": "0" * 64}, "source is missing"),
        ({"source": "/srv/a", "sha256": "0" * 64, "sha": "1"}, "i:vms:deb:sha is unknown (did you mean sha256?)"),
    ],
)
def test_a_mistake_is_named_with_its_path(wish, why, bring):
    assert why in bring({"deb": wish})["comment"]


def test_v1_a_plan_fetches_and_makes_nothing(bring, web, raw, daemon, here):
    web.files["raw.img"] = CONTENT
    seen = len(daemon.calls())
    told = bring({"deb": RAW | {"source": web.url("raw.img"), "sha256": sha(raw)}}, test=True)

    assert (told["result"], web.asked, cached(here)) == (None, [], [])
    assert set(daemon.calls()[seen:]) <= storage.LOOKS


def test_one_source_that_does_not_answer_does_not_stop_the_others(bring, web, raw, vms):
    made = bring(
        {
            "a": RAW | {"source": web.url("none"), "sha256": "0" * 64},
            "b": RAW | {"source": str(raw), "sha256": sha(raw)},
        }
    )

    assert made["result"] is False
    assert f"{web.url('none')} cannot be read" in made["comment"]
    assert [file.name for file in vms.iterdir()] == ["b"]


def test_two_that_fetch_the_same_at_once_are_both_right(bring, web, raw, vms, here):
    kept = Path(here.cache, sha(raw))

    class Rival(list):
        """Somebody who is done as soon as we ask."""

        def append(self, _):
            kept.write_bytes(CONTENT)

    web.files["raw.img"], web.asked = CONTENT, Rival()

    assert bring({"deb": RAW | {"source": web.url("raw.img"), "sha256": sha(raw)}})["result"] is True
    assert cached(here) == [kept.name]
