"""Docstrings as Markdown."""

import ast
import re
import textwrap


def functions(file):
    """Return the docstring of the Python *file*, and a section for each public function in it; imports nothing."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    public = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    module, names = _stated(tree, "__virtualname__", file.stem), _stated(tree, "__func_alias__", {})
    heads = [f"### `{module}.{names.get(one.name, one.name)}({ast.unparse(one.args)})`" for one in public]
    told = [f"{head}\n\n{markdown(ast.get_docstring(one))}" for head, one in zip(heads, public, strict=True)]
    return [markdown(ast.get_docstring(tree)), *told]


def _stated(tree, name, default):
    """Return what the module *tree* says by *name*, as Salt's loader reads it."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    return default


def markdown(text):
    """Return a docstring as Markdown: code blocks with fences, literals and roles with one backtick."""
    text = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", text)
    text = re.sub(r"\.\. code-block:: (\w+)\n\n((?:    .*\n?|\n)+)", _fenced, text)
    return re.sub(r"``(.+?)``", r"`\1`", text).strip()


def _fenced(block):
    return f"```{block[1]}\n{textwrap.dedent(block[2]).strip()}\n```\n\n"
