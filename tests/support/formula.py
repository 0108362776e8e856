"""Formulas, compiled and applied by Salt itself, below a directory of the tests."""

import json
import subprocess
import sys
from pathlib import Path

import yaml

SALT = Path(__file__).parents[2] / "salt"
PROGRAM = Path(sys.executable).parent / "salt-call"
REQUISITES = ("require", "require_in", "watch", "watch_in")


def low(home, part):
    """Return ``{(state, id): chunk}`` that the formula `netboot` makes of *part*, as the minion would run it."""
    return chunks(home, "netboot", {"id": "srv", "netboot": part})


def chunks(home, formula, part):
    """Return ``{(state, id): chunk}`` that *formula* makes of the slice *part*, as the minion would run it."""
    _minion(home, part)
    chunks = _call(home, "state.show_low_sls", formula)
    assert all(isinstance(chunk, dict) for chunk in chunks), chunks
    return {(chunk["state"], chunk["__id__"]): chunk for chunk in chunks}


def files(home, part, images, here):
    """
    Have Salt keep the files that the formula `netboot` makes of *part*, and no more of it, from *images*, a directory.

    *here* is a function that moves the paths in a text to where the test has them.
    """
    _minion(home, {"id": "srv", "netboot": part}, images)
    high = _call(home, "state.show_sls", "netboot")
    kept = {name: {"file": _alone(body["file"])} for name, body in high.items() if "file" in body}
    text = here(json.dumps(kept)).replace('"/etc/', f'"{home}/etc/')
    for there in ("states", "etc/logrotate.d", "etc/systemd/system"):  # as Debian has them
        (home / there).mkdir(parents=True)
    (home / "states/kept.sls").write_text(f"#!json\n{text}")
    done = _call(home, "state.apply", "kept")
    assert [one["comment"] for one in done.values() if not one["result"]] == []


def _alone(words):
    """Return the *words* of a state of a file without what it needs of packages and services."""
    of = {key: value for word in words if isinstance(word, dict) for key, value in word.items()}
    needs = {key: [one for one in of[key] if "file" in one] for key in REQUISITES if key in of}
    rest = [word for word in words if not (isinstance(word, dict) and word.keys() & needs.keys())]
    return [*rest, *({key: value} for key, value in needs.items() if value)]


def _minion(home, part, images=None):
    (home / "pillar").mkdir(parents=True)
    (home / "pillar/top.sls").write_text("base: {'*': [srv]}\n")
    (home / "pillar/srv.sls").write_text(yaml.safe_dump({"lab": part}))
    opts = {"id": "srv", "file_client": "local", "root_dir": str(home / "root"), "log_level_logfile": "quiet"}
    opts |= {"file_roots": {"base": [str(SALT), str(home / "states")]}, "fileserver_followsymlinks": True}
    opts["file_roots"] |= {"images": [str(images)]} if images else {}
    opts |= {"pillar_roots": {"base": [str(home / "pillar")]}}
    opts |= {"enable_fqdns_grains": False, "enable_gpu_grains": False}
    (home / "minion").write_text(yaml.safe_dump(opts))


def _call(home, *words):
    argv = [PROGRAM, "-c", home, "--local", "--out=json", "-l", "error", *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)["local"]
