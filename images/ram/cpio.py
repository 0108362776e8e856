"""Write a cpio archive as the kernel wants its initramfs: sorted, from root, without times, the same each time."""

import os
import shutil

MAGIC = "070701"
END = "TRAILER!!!"


def write(archive, folder):
    """
    Write all that is in *folder* into the new file *archive*, uncompressed.

    What is large in it is compressed already, and under emulation the kernel's unpacking costs more than the copying.
    """
    with archive.open("wb") as out:
        for number, path in enumerate(sorted(folder.rglob("*")), start=1):
            _entry(out, number, str(path.relative_to(folder)), path)
        _header(out, 0, END, mode=0, size=0)


def _entry(out, number, name, path):
    mode = path.lstat().st_mode
    if path.is_symlink() or path.is_dir():
        data = os.readlink(path).encode() if path.is_symlink() else b""
        _header(out, number, name, mode, len(data))
        out.write(data)
    else:
        _header(out, number, name, mode, path.stat().st_size)
        with path.open("rb") as data:
            shutil.copyfileobj(data, out)
    _pad(out)


def _header(out, number, name, mode, size):
    uid = gid = time = device = check = 0
    fields = (number, mode, uid, gid, 1, time, size, device, device, device, device, len(name) + 1, check)
    out.write(MAGIC.encode() + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0")
    _pad(out)


def _pad(out):
    out.write(b"\0" * (-out.tell() % 4))
