"""What the documents say is so: the reference is fresh, links and commands exist, examples do what is told of them."""

import re
from pathlib import Path

import pytest

from saltext.lab.errors import BadWish
from saltext.lab.spec import source
from saltext.lab.spec.check import checked
from tools import reference

HERE = Path(__file__).parents[2]
PAGES = sorted([*HERE.glob("*.md"), *(HERE / "docs").rglob("*.md")])
TUTORIAL = (HERE / "docs/tutorial.md").read_text()
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"```[\s\S]*?```|`[^`]+`|^    .+$", re.MULTILINE)


def pages():
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HERE)))


def anchors(page):
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_reference_is_what_the_models_and_docstrings_say():
    there = {path.name: path.read_text() for path in reference.TARGET.iterdir()}

    assert there == reference.pages(), "docs/reference is stale: make docs"


@pages()
def test_every_link_leads_somewhere(page):
    for link in LINK.findall(CODE.sub("", page.read_text())):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not link.startswith(("http://", "https://")):
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@pages()
def test_every_command_of_make_is_there(page):
    targets = set(re.findall(r"^([a-z-]+):", (HERE / "Makefile").read_text(), re.MULTILINE))
    told = {word for code in CODE.findall(page.read_text()) for word in re.findall(r"\bmake ([a-z][a-z-]*)", code)}

    assert told <= targets


def test_the_readme_fits_a_screen():
    assert len((HERE / "README.md").read_text().splitlines()) <= 60


def spec_of_the_tutorial(root, *changes):
    """Return the demo lab's spec with the VM of the tutorial, whose text is changed from one thing to another."""
    [web4] = re.findall(r"```yaml\n(    web4:\n.*?)```", TUTORIAL, re.DOTALL)
    for was, now in changes:
        assert was in web4
        web4 = web4.replace(was, now)
    (root / "demo.sls").write_text((HERE / "pillar/demo.sls").read_text() + web4)
    return source.load(root)


def test_the_vm_of_the_tutorial_is_without_mistakes(tmp_path):
    assert "web4" in checked(spec_of_the_tutorial(tmp_path)).vms


@pytest.mark.parametrize("changes", [[("address", "adress"), ("hv2", "hv3")], [("lan+24", "lan+23")]])
def test_the_mistakes_of_the_tutorial_are_told_in_its_words(changes, tmp_path):
    with pytest.raises(BadWish) as caught:
        checked(spec_of_the_tutorial(tmp_path, *changes))

    lines = [f"    {one.place}  {one.message}" for one in caught.value.mistakes]
    assert "\n".join([*lines, f"    {caught.value.what}: {caught.value.fix}"]) in TUTORIAL
