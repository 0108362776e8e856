"""
Write docs/reference from the models and the docstrings: ``python -m tools.reference``.

``pages`` computes what shall be there, and a test compares that with what is.
"""

import json
import re
from pathlib import Path

import yaml
from pydantic import TypeAdapter, create_model

from saltext.lab.ovs import model as ovs
from saltext.lab.spec import model as spec
from saltext.lab.virt import model as virt
from saltext.lab.virt import network_model, pool_model, secret_model, volume_model
from tools.docstrings import functions

HERE = Path(__file__).parents[1]
TARGET = HERE / "docs/reference"
MADE = "<!-- Made by tools/reference.py: change the model or the docstring, then run `make docs`. -->"
RUNNERS = sorted((HERE / "_runners").glob("lab*.py"))
SPEC = "Every key of the spec, which stands under `lab` in one pillar SLS. A key that is not here is a mistake."
PATCH = "What is not stated is left alone. Where null is among the types, it removes what is there."
TYPES = {"integer": "whole number", "boolean": "true or false", "string": "text", "null": "null"}
VIRT = {
    **{"Domain": virt.Domains, "Pool": pool_model.Pools, "Volume": volume_model.Volumes, "Image": volume_model.Images},
    **{"Network": network_model.Networks, "Secret": secret_model.Secrets},
}
EMPTY = {"description": "", "examples": [""]}  #: what a schema says of a kind of text, which tells nothing


def main():
    """Write all pages."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (TARGET / name).write_text(text, encoding="utf-8")


def pages():
    """Return ``{file name: text}`` of all that shall be in docs/reference."""
    lab = _told(create_model("Pillar", lab=(spec.Lab, ...)).model_json_schema())
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **lab, "title": "Spec of a lab"}
    return {
        "spec.md": _page("The spec", SPEC, _kinds(spec), *_models(schema, "Lab", "lab")),
        "spec.schema.json": json.dumps(schema, indent=2) + "\n",
        "lab_ovs.md": _things("lab_ovs", ovs, Bridge=ovs.Bridges, Switch=ovs.Switches),
        "lab_virt.md": _things("lab_virt", virt, **VIRT),
        "lab_net.md": _page("lab_net", "## States", *functions(HERE / "_states/lab_net.py"), *_module("lab_net")),
        "lab_probe.md": _page("lab_probe", *_module("lab_probe")),
        "lab_image.md": _page("lab_image", *_module("lab_image")),
        "lab_netboot.md": _page("lab_netboot", *_module("lab_netboot")),
        "lab_master.md": _page("lab_master", *_module("lab_master")),
        "lab_suite.md": _page("lab_suite", *_module("lab_suite")),
        "runners.md": _page("lab: runners", *(told for file in RUNNERS for told in functions(file))),
    }


def _module(name):
    return ["## Execution module", *functions(HERE / f"_modules/{name}.py")]


def _things(name, module, **kinds):
    """Return the page of the states, the functions, and the fields of *kinds*: ``{model: type of its collection}``."""
    schemas = {kind: _told(TypeAdapter(things).json_schema()) for kind, things in kinds.items()}
    fields = [part for kind, schema in schemas.items() for part in _models(schema, kind, kind.upper())]
    states, modules = (functions(HERE / folder / f"{name}.py") for folder in ("_states", "_modules"))
    head = [name, "## States", *states, "## Execution module", *modules, "## Fields", PATCH]
    return _page(*head, _kinds(module), *fields)


def _page(title, *parts):
    return "\n\n".join([f"# {title}", MADE, *(part for part in parts if part)]) + "\n"


def _models(schema, name, path):
    """Return the section of the model *name*, which stands at *path*, and of those in it."""
    model, inner = schema["$defs"][name], []
    for key, field in model["properties"].items():
        for below, there in _models_in(field):
            inner += _models(schema, there, f"{path}:{key}{below}")
    return [f"## `{path}`", model.get("description", ""), _table(model), *inner]


def _models_in(field):
    """Yield how the path goes on to each model in *field*, and its name."""
    for part in field.get("anyOf", [field]):
        if "$ref" in part:
            yield "", part["$ref"].rpartition("/")[2]
        for tag, ref in part.get("discriminator", {}).get("mapping", {}).items():
            yield f" ({part['discriminator']['propertyName']}: {tag})", ref.rpartition("/")[2]
        if inside := _inside(part):
            yield from ((":NAME", name) for _, name in [*_models_in(inside)][:1])


def _inside(field):
    """Return what a mapping by name holds, or None for anything else."""
    [held, *_] = [*field.get("patternProperties", {}).values(), field.get("additionalProperties")]
    return held if isinstance(held, dict) else None


def _table(model):
    """Return the fields of *model*; where none has to be stated it is a merge patch, which has no defaults."""
    rows = [["key", "type", "unit", "default", "what", "example"], ["---"] * 6]
    for key, field in model["properties"].items():
        default = "has to be stated" if key in model.get("required", []) else _code(field.get("default"))
        told = [field.get("unit", ""), default, field.get("description", ""), _code(field["examples"][0])]
        rows.append([f"`{key}`", _type(field), *told])
    if "required" not in model:
        rows = [row[:3] + row[4:] for row in rows]
    return "\n".join("| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows)


def _escaped(cell):
    return cell.replace("|", "\\|").replace("<", "\\<")


def _type(field):
    """Return the type of *field* in words."""
    if "anyOf" in field:
        return " or ".join(_type(part) for part in field["anyOf"])
    if "$ref" in field or "discriminator" in field:
        return "keys below"
    if values := field.get("enum", [field["const"]] if "const" in field else None):
        return ", ".join(_code(value) for value in values)
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    if field.get("type") == "object":
        return f"by name: {_type(inside)}" if (inside := _inside(field)) else "mapping"
    limits = [f"{word} {field[key]}" for key, word in {"minimum": "from", "maximum": "to"}.items() if key in field]
    return " ".join([KINDS.get(field.get("pattern"), TYPES.get(field.get("type"), "anything")), *limits])


def _patterns(module):
    """Return ``{pattern: word}`` of the kinds of text that *module* has a name for."""
    annotated = {word: kind for word, kind in vars(module).items() if hasattr(kind, "__metadata__")}
    kinds = {word: TypeAdapter(kind).json_schema() for word, kind in annotated.items()}
    named = {kind["pattern"]: word for word, kind in kinds.items() if "pattern" in kind}
    return {pattern: re.sub("(?<=[a-z])([A-Z])", r" \1", word).lower() for pattern, word in named.items()}


def _kinds(module):
    return "\n".join(f"- *{word}* is text that fits `{pattern}`" for pattern, word in _patterns(module).items())


def _code(value):
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, sort_keys=False).split("\n...")[0]
    return "none" if value is None else f"`{text.strip()}`"


def _told(schema):
    """Return the JSON Schema *schema* without what tells nothing."""
    text = json.dumps(schema)
    return json.loads(text, object_hook=lambda one: {key: of for key, of in one.items() if EMPTY.get(key, key) != of})


KINDS = _patterns(spec) | _patterns(ovs) | _patterns(virt)

if __name__ == "__main__":
    main()
