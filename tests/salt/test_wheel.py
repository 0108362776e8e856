"""The suite as a wheel: what is synced from a checkout is found by Salt's loader from site-packages too."""

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
LOADED = """
import json, salt.config, salt.loader
opts = salt.config.minion_config(None) or dict(salt.config.DEFAULT_MINION_OPTS)
opts.update(file_client="local", id="wheel", cachedir={cache!r}, extension_modules={cache!r})
modules = salt.loader.minion_mods(opts)
states = salt.loader.states(opts, modules, {{}}, {{}})
runners = salt.loader.runner({{**salt.config.DEFAULT_MASTER_OPTS, **opts}})
engines = salt.loader.engines({{**salt.config.DEFAULT_MASTER_OPTS, **opts}}, modules, runners, {{}})
pillars = salt.loader.pillars(opts, modules)
import saltext.lab
print(json.dumps([
    "lab_ovs.bridges" in modules, "lab_virt.domains" in modules, "lab_ovs.bridges" in states,
    "lab_virt.domains" in states, "lab.bootstrap" in runners, "lab" in pillars, "lab.start" in engines,
    saltext.lab.__path__[0],
]))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python that has Salt from where the tests have it, and the suite from its wheel."""
    home = tmp_path_factory.mktemp("wheel")
    source = home / "source"  # a build leaves things beside setup.cfg
    shutil.copytree(CHECKOUT, source, ignore=shutil.ignore_patterns(".*", "build", "*.egg-info"), symlinks=True)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", home, source], check=True, timeout=300)
    venv.create(home / "venv", symlinks=True, with_pip=False)
    [site] = (home / "venv/lib").glob("python*/site-packages")
    [wheel] = home.glob("saltext_lab-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True, timeout=300)
    (site / "tests.pth").write_text("\n".join(path for path in sys.path if path.endswith("packages")))
    return home / "venv/bin/python"


def test_salts_loader_finds_everything_in_the_wheel(python, tmp_path):
    code = LOADED.format(cache=str(tmp_path))
    done = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    *found, path = json.loads(done.stdout.splitlines()[-1])

    assert all(found), found
    assert str(CHECKOUT) not in path
