"""Which installation is asked for and which was done: files that machines read and write by HTTP."""

import os
from pathlib import Path

from saltext.lab.netboot import install, ipxe, nginx


class Asks:
    """The files in *root*, which nginx serves: ``ask/`` by MAC, ``told/`` by address."""

    def __init__(self, root=nginx.ROOT):
        self.root = Path(root)

    def look(self, mac, ip):
        """Return ``{"asked", "done"}`` of the machine with *mac* and *ip*: generations; none done is None."""
        told, file = self.root / "told" / ip, self._file(mac)
        names = [path.name for path in told.iterdir()] if told.is_dir() else []
        return {"asked": install.asked(file.read_text() if file.exists() else None), "done": install.done(names)}

    def ask(self, mac, generation):
        """Ask for *generation* on the machine with *mac*; what it reads is whole at any time."""
        self._file(mac).parent.mkdir(parents=True, exist_ok=True)
        new = self._file(mac).with_suffix(".new")
        new.write_text(install.ask(generation))
        new.chmod(0o644)
        os.replace(new, self._file(mac))

    def _file(self, mac):
        return self.root / "ask" / ipxe.file(mac)
