"""What a guest last said on its serial port, for people who look into a failure."""

import os
import re

from saltext.lab.errors import Refused

#: Colours and cursor movements (ECMA-48), then whatever else a terminal would act on.
UNPRINTABLE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


def tail(path, lines=20, longest=65536):
    """
    Return the last *lines* lines of the file at *path* as a list of texts, from its last *longest* bytes.

    What is no text is shown as U+FFFD or left out.  Raises ``Refused`` when it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - longest))
            text = file.read(longest).decode(errors="replace")
    except OSError as err:
        raise Refused(f"the serial log {path} cannot be read", err.strerror, "has the guest been started?") from err
    return UNPRINTABLE.sub("", text).splitlines()[-lines:] if lines > 0 else []
