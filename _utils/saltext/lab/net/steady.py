"""Once is not enough where a daemon follows in its own time."""

import time


def steady(look, seconds):
    """Return a function that is true once *look* has been true for *seconds* in a row; for ``wait.until``."""
    since = None

    def again():
        nonlocal since
        before, since = since, None
        if not look():
            return False
        since = time.monotonic() if before is None else before
        return time.monotonic() - since >= seconds

    return again
