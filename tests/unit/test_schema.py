from typing import Literal

import pytest

from saltext.lab.errors import BadWish
from saltext.lab.schema import Model, check, example, field, nearest, parse
from saltext.lab.virt.secret_model import Secrets


class Disk(Model):
    size_gib: int | None = field("size", example=8, unit="GiB", ge=1)
    bus: Literal["virtio", "sata"] | None = field("bus", example="virtio")


class Box(Model):
    title: str | None = field("a title", example="first")
    disks: dict[str, Disk | None] | None = field("disks by name", example={"vda": {"size_gib": 8}, "vdb": None})


Boxes = dict[str, Box | None]


def mistakes(wish, kind=Boxes):
    with pytest.raises(BadWish) as caught:
        check(kind, wish, "lab:boxes")
    return caught.value


@pytest.mark.parametrize("kind", [Disk, Box])
def test_a_documented_example_is_valid(kind):
    assert check(kind, example(kind), "example") == example(kind)


@pytest.mark.parametrize("wish", [{}, {"a": None}, {"a": {}}, {"a": {"disks": None}}, {"a": {"disks": {"b": None}}}])
def test_a_wish_comes_back_as_the_merge_patch_that_it_is(wish):
    assert check(Boxes, wish, "lab:boxes") == wish


def test_a_typo_gives_its_path_the_nearest_field_and_all_fields():
    error = mistakes({"a": {"disks": {"vda": {"size_gb": 8}}}})

    assert error.why == "lab:boxes:a:disks:vda:size_gb is unknown (did you mean size_gib?); there are size_gib, bus"


def test_all_mistakes_are_told_at_once():
    error = mistakes({"a": {"titel": "x", "disks": {"vda": {"size_gib": 0}, "vdb": {"bus": "ide"}}}, "b": 5})

    assert error.what == "4 mistake(s) in lab:boxes"
    for part in (
        "lab:boxes:a:titel is unknown (did you mean title?)",
        "lab:boxes:a:disks:vda:size_gib is 0: input should be greater than or equal to 1",
        "lab:boxes:a:disks:vdb:bus is 'ide': input should be 'virtio' or 'sata'",
        "lab:boxes:b is 5",
    ):
        assert part in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("value", "field_name"), [("8", "size_gib"), (True, "size_gib"), (8.0, "size_gib"), (1, "bus")]
)
def test_nothing_is_guessed(value, field_name):
    assert f"disks:vda:{field_name} is {value!r}" in mistakes({"a": {"disks": {"vda": {field_name: value}}}}).why


def test_a_field_with_an_alias_is_stated_and_told_by_it():
    class Range(Model):
        from_: int | None = field("first", example=1, alias="from")

    assert check(Range, {"from": 1}, "lab:range") == {"from": 1}
    assert "(did you mean from?); there are from" in mistakes({"form": 1}, Range).why


def test_what_has_to_be_stated_is_missing_with_its_path():
    class Net(Model):
        subnet: str = field("addresses", example="10.0.0.0/24", default=...)

    assert (
        mistakes({"lan": {}}, dict[str, Net]).why == "lab:boxes:lan:subnet is missing: state it, such as '10.0.0.0/24'"
    )


def test_parse_fills_in_defaults_and_check_does_not():
    class Lamp(Model):
        on: bool = field("lit", example=True, default=True)

    assert parse(Lamp, {}, "lamp").on is True
    assert check(Lamp, {}, "lamp") == {}


def test_nearest_says_nothing_when_nothing_is_near():
    assert nearest("qqq", ["tag", "mtu"]) == ""
    assert nearest("tga", ["tag", "mtu"]) == " (did you mean tag?)"


@pytest.mark.parametrize(
    "wish",
    [
        {"ceph": "S3cret"},
        {"ceph": {"usage": "S3cret"}},
        {"ceph": {"value_file": "S3cret"}},
        {"ceph": {"value_pillar": "S3cret"}},
    ],
)
def test_a_value_in_the_wrong_place_of_a_hidden_model_is_in_no_message(wish):
    with pytest.raises(BadWish, match="secrets:ceph") as caught:
        check(Secrets, wish, "secrets")

    assert "S3cret" not in str(caught.value)
