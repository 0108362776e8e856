"""How much may go in one run without being asked for.  Pure."""

from saltext.lab.errors import NotSafe


def is_much(lab, gone, there):
    """Return whether *gone* are more than the share ``lab:removal:share`` of those that were *there*; never one."""
    return len(gone) > max(1, lab.removal.share * len(there))


def refuse_much(lab, gone, there, asked):
    """
    Raise ``NotSafe`` if *gone* ``is_much`` of those that were *there*, unless a person has *asked* for it.

    The spec may be another lab's, or half of it.
    """
    if is_much(lab, gone, there) and not asked:
        what = f"{len(gone)} of {len(there)} machines are not in the spec any more"
        raise NotSafe(what, ", ".join(sorted(gone)), "if that is meant: salt-run lab.bootstrap remove=true")
