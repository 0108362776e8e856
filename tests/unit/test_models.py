"""Every field of every model of the suite: it says what it is, in which unit, and its example is one."""

import importlib
import pkgutil

import pytest
from pydantic import create_model
from saltext import lab

from saltext.lab.errors import BadWish
from saltext.lab.schema import Model, check, field

#: Endings of names that say a unit, which the field says too.
UNITS = {"_mib": "MiB", "_gib": "GiB", "_h": "h", "_kib": "KiB"}


def models(kind=Model):
    """Yield every model of the suite."""
    for model in kind.__subclasses__():
        if model.__module__.startswith("saltext.lab."):
            yield model
        yield from models(model)


for found in pkgutil.walk_packages(lab.__path__, "saltext.lab."):
    if found.name.endswith("model") or found.name.rpartition(".")[2] in ("record", "told", "window", "bridge_parts"):
        importlib.import_module(found.name)
MODELS = {f"{model.__module__.removeprefix('saltext.lab.')}:{model.__qualname__}": model for model in models()}


def each():
    return pytest.mark.parametrize("at", sorted(MODELS))


def test_the_models_are_found():
    assert {"spec.model:Lab", "virt.model:Domain", "spec.block_model:Block", "ovs.model:Bridge"} <= MODELS.keys()
    assert sum(len(model.model_fields) for model in MODELS.values()) > 300


@each()
def test_a_field_says_what_it_is(at):
    for name, info in MODELS[at].model_fields.items():
        assert (info.description or "").strip(" .\n") == info.description != "", name


@each()
def test_a_field_says_its_unit(at):
    for name, info in MODELS[at].model_fields.items():
        due = next((unit for ending, unit in UNITS.items() if name.endswith(ending)), None)
        assert due in (None, (info.json_schema_extra or {}).get("unit")), name


@each()
def test_the_example_of_a_field_is_one(at):
    for name, info in MODELS[at].model_fields.items():
        [example] = info.examples
        one = create_model("One", __base__=Model, field=(info.annotation, info))
        assert check(one, {info.alias or "field": example}, f"{at}:{name}")


def test_a_wrong_example_would_be_seen():
    one = create_model("One", __base__=Model, field=(int, field("size", "8", unit="GiB")))
    with pytest.raises(BadWish, match="lab:field is '8'"):
        check(one, {"field": "8"}, "lab")
