"""Make room for a VM that fits nowhere, by moving as few others as possible.  Pure but for the sums it changes."""


def make_room(rooms, where, one):
    """
    Return ``(host, [Demand, …])``: where *one* fits now, and who had to go for it; ``(None, [])`` if nowhere.

    First only such moves are tried by which all keep a place; then those who are placed after *one* may lose theirs.
    *where* is changed with *rooms*.
    """
    for may_lose in (False, True):
        ways = [way for host in _hosts(rooms, one) if (way := _way(rooms, one, host, may_lose)) is not None]
        if ways:
            _, host, moves = min(ways, key=lambda way: way[:2])
            return host, _go(rooms, where, host, moves)
    return None, []


def _hosts(rooms, one):
    return [host for host, against in rooms.ever(one).items() if against is None]


def _way(rooms, one, host, may_lose):
    """Return ``((moves, MiB moved), host, [(Demand, its new host or None), …])`` to make room on *host*, or None."""
    moves: list = []
    left = [other for other in rooms.on[host].values() if not other.fixed]
    while left and rooms.now(one, host) is not None:
        left.remove(other := _next(rooms, one, host, left))
        rooms.give(other, host)
        to = rooms.best(other, but=host)
        if to is None and not (may_lose and _after(other, one)):
            rooms.take(other, host)
            continue
        if to:
            rooms.take(other, to)
        moves.append((other, to))
    fits = rooms.now(one, host) is None
    for other, to in reversed(moves):
        if to:
            rooms.give(other, to)
        rooms.take(other, host)
    cost = len(moves), sum(other.memory for other, _ in moves)
    return (cost, host, moves) if fits and moves else None


def _next(rooms, one, host, left):
    """Who is asked to leave *host*: whom *one* is kept apart from, the smallest that is enough, else the biggest."""
    short = one.memory - rooms.memory[host], one.vcpus - rooms.vcpus[host]
    return min(left, key=lambda other: _turn(one, other, short))


def _turn(one, other, short):
    enough = other.memory >= short[0] and other.vcpus >= short[1]
    size = other.memory if enough else -other.memory
    return not (one.apart and other.apart == one.apart), not enough, size, other.name


def _after(other, one):
    return other.rank[:2] > one.rank[:2]


def _go(rooms, where, host, moves):
    """Make *moves* from *host*, and return who has no place any more."""
    for other, to in moves:
        rooms.give(other, host)
        del where[other.name]
        if to:
            rooms.take(other, to)
            where[other.name] = to
    return [other for other, to in moves if to is None]
