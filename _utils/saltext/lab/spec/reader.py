"""Salt's renderers, and what went through them: each SLS as it was read, and as it was when it became YAML."""

import functools
from pathlib import Path

from salt.utils import stringio

from saltext.lab.spec.where import File


class Reader:
    """Stands in for Salt's loader of renderers, and keeps a ``File`` for each SLS under its name in ``files``."""

    def __init__(self, renderers, roots):
        self.files = {}
        self._renderers, self._roots = renderers, roots

    def __getattr__(self, name):
        return getattr(self._renderers, name)

    def __getitem__(self, name):
        render = self._renderers[name]

        @functools.wraps(render)
        def rendering(data, saltenv="base", sls="", **kwargs):
            if stringio.is_readable(data):
                self._keep(name, sls, data.read(), kwargs.get("tmplpath", ""))
                data.seek(0)
            return render(data, saltenv, sls, **kwargs)

        return rendering

    def _keep(self, renderer, sls, text, path):
        file = self.files.setdefault(sls, File(self._name(Path(path)), text))
        if renderer == "yaml":
            self.files[sls] = file._replace(text=text)

    def _name(self, path):
        """Return how a person calls the SLS at *path*: pillar/demo.sls."""
        below = [path.relative_to(root) for root in self._roots if path.is_relative_to(root)]
        return str(Path("pillar", below[0] if below else path.name))
