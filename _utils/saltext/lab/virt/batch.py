"""Changes of many things, one thing after the other."""

from saltext.lab.errors import LabError, Refused, Unreachable


def each(kind, changes, do, fatal=Unreachable):
    """
    Call ``do(name, its)`` for each thing in *changes*; the paths of *its* changes start inside the thing.

    One that is refused does not stop the others; all refusals come in one error.  *kind* is their plural, *fatal* what
    does stop them: no daemon.
    """
    refusals = []
    for name, its in by_name(changes).items():
        try:
            do(name, its)
        except LabError as err:
            if isinstance(err, fatal):
                raise
            refusals.append(err)
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        raise Refused(f"{len(refusals)} {kind} could not be changed", "; ".join(map(str, refusals)))


def by_name(changes):
    """Return *changes* by the name of the thing, their paths from there on."""
    grouped: dict[str, list] = {}
    for change in changes:
        grouped.setdefault(change.path[0], []).append(change._replace(path=change.path[1:]))
    return grouped


def stated(changes):
    """Return ``{field: new value}`` of the changes of one thing."""
    return {change.path[0]: change.new for change in changes if len(change.path) == 1}


def removed(changes):
    """Return whether *changes* of one thing are its end."""
    return changes[0].path == () and changes[0].new is None
