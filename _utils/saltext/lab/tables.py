"""What tables on a terminal have in common."""

import time

from rich.box import SIMPLE_HEAD
from rich.table import Table


def table(*columns):
    """Return an empty table with *columns*, which folds what is too wide."""
    made = Table(box=SIMPLE_HEAD)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def when(seconds):
    """Return *seconds* since 1970 as date and time here, or an empty text for 0 or None."""
    return time.strftime("%F %T", time.localtime(seconds)) if seconds else ""
