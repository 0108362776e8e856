"""Where the spec comes from: an SLS of the pillar, rendered by Salt's own renderers, given to nobody as it is."""

import logging
import tempfile
from contextlib import contextmanager
from pathlib import Path

import salt.config
import salt.pillar

from saltext.lab.errors import BadWish
from saltext.lab.mistake import short
from saltext.lab.spec import faults
from saltext.lab.spec.reader import Reader
from saltext.lab.spec.where import Spec

ROOT = Path("pillar")


def render(opts, sls):
    """
    Return what stands under ``lab`` in the pillar SLS *sls*: a ``Spec``, which knows its files.

    *opts* are those of a master (``pillar_roots``, renderers).  Raises ``BadWish`` when
    the SLS cannot be rendered or holds no lab: an empty spec is never taken for an empty lab.
    """
    opts = {**opts, "pillar_safe_render_error": False}  # who writes the spec may see what is wrong with it
    pillar = salt.pillar.Pillar(opts, {}, f"spec-{sls}", "base", pillar_override={})
    pillar.rend = reader = Reader(pillar.rend, opts["pillar_roots"].get("base", ()))
    data, errors = _rendered(pillar, sls)
    if errors:
        raise faults.unrendered(sls, errors, reader.files)
    if not data.get("lab"):
        raise BadWish(f"there is no lab in pillar SLS {sls}", "the key `lab` is missing or empty", "write one there")
    return Spec.of(data["lab"], reader.files.values())


def load(root=ROOT, sls="demo"):
    """Return the spec in *sls* below *root*, for programs that are no Salt master."""
    with tempfile.TemporaryDirectory() as cache:  # the renderers' loader wants a place to write
        ours = {"file_client": "local", "cachedir": cache, "extension_modules": cache}
        return render({**salt.config.DEFAULT_MINION_OPTS, **ours, "pillar_roots": {"base": [str(root)]}}, sls)


def _rendered(pillar, sls):
    """Return what Salt makes of *sls*, and its errors; Salt 3008.3 itself falls over an ``include`` of odd things."""
    with _quiet():
        try:
            return pillar.render_pillar({"base": [sls]})
        except (AttributeError, TypeError, ValueError, StopIteration, RecursionError) as err:
            return {}, [f"SLS '{sls}' has an `include` that is no list of names: {short(str(err))}"]


@contextmanager
def _quiet():
    """Keep Salt from logging each rendering error with a traceback: the error is returned, and told in one line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
