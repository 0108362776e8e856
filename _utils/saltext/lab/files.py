"""Write a file as a whole: a reader finds what was there before, or all that is new."""

import os


def replace(path, text):
    """Have *text* in the file *path* (a ``Path``), readable by its owner alone; its directory comes with it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
