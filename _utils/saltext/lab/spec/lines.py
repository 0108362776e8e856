"""Which line of a file a line is that a template made of it.  Pure."""


def source_line(raw, text, number):
    """
    Return which line of *raw* line *number* of *text*, made of it by a template, is; None where nobody can tell.

    It is the one that reads the same and is joined by lines that all read the same to one that *raw* has only once,
    or to the first line of both; or the one line between two such.  Both are lists of lines; lines count from 0.
    """
    if (same := _same_line(raw, text, number)) is not None or not 0 < number < len(text) - 1:
        return same
    above, below = _same_line(raw, text, number - 1), _same_line(raw, text, number + 1)
    return above + 1 if above is not None and below == above + 2 else None


def _same_line(raw, text, number):
    for step in (-1, 1):
        at = number
        while 0 <= at < len(text) and not (text[at].strip() and raw.count(text[at]) == 1):
            at += step
        begin = raw.index(text[at]) - at if 0 <= at < len(text) else 0 if step < 0 else None
        first, last = max(min(at, number), 0), max(min(at, len(text) - 1), number)
        if begin is not None and raw[max(first + begin, 0) : last + begin + 1] == text[first : last + 1]:
            return number + begin
    return None
