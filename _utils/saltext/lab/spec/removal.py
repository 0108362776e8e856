"""How much may go in one run without being asked for.  Pure."""

from saltext.lab.errors import NotSafe


def refuse_much(lab, gone, there, asked):
    """
    Raise ``NotSafe`` if *gone* are more than the share ``lab:removal:share`` of those that were *there*.

    The spec may be another lab's, or half of it.  One alone is never too much, and nothing is where a person has
    *asked* for it.
    """
    if len(gone) > max(1, lab.removal.share * len(there)) and not asked:
        what = f"{len(gone)} of {len(there)} machines are not in the spec any more"
        raise NotSafe(what, ", ".join(sorted(gone)), "if that is meant: salt-run lab.bootstrap remove=true")
