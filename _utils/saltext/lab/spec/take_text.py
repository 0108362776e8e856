"""A part of a spec as text that a person puts into the pillar.  Pure."""

import textwrap

import yaml

HEAD = """\
What {host} has, as a part of the spec: put it there below `lab:`, or have the SLS with the spec include this file.
How to go on is told in docs/import.md.
Not looked at: graphics, sound, input and whatever else lab_virt.domains does not show. It stays as it is, and is lost
only when a domain is made anew.
"""
WIDTH = 118


def text(host, taken):
    """
    Return the YAML of ``take.Taken`` *taken* of *host*, what could not be said in comments before it.

    Who has a VM there may have chosen its texts: none of them is Jinja, as the rest of a pillar is.
    """
    told = [f"{what}: {why}" for what, why in taken.unsaid]
    lines = [*HEAD.format(host=host).splitlines(), *(["Left out:"] if told else [])]
    lines += [
        line for one in told for line in textwrap.wrap(_plain(one), WIDTH, initial_indent="- ", subsequent_indent="  ")
    ]
    body = yaml.dump({"lab": taken.spec}, Dumper=_Dumper, sort_keys=False, width=WIDTH)
    return "#!yaml\n" + "".join(f"# {line}\n" for line in lines) + _harmless(body)


def _plain(words):
    return "".join(one if one.isprintable() else "?" for one in words).replace("{", "(").replace("}", ")")


def _harmless(body):
    """Return *body* where no two characters begin what Jinja reads; they are in double quotes, see ``_Dumper``."""
    while opening := next((one for one in OPENINGS if one in body), None):
        body = body.replace(opening, f"\\x7b{opening[1]}")
    return body


OPENINGS = ("{{", "{%", "{#")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        """Say all in full: nobody asked for anchors."""
        return True

    def increase_indent(self, flow=False, indentless=False):
        """Indent lists as well."""
        return super().increase_indent(flow, False)


def _text(dumper, value):
    quoted = '"' if any(opening in value for opening in OPENINGS) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=quoted)


_Dumper.add_representer(str, _text)
