"""
A timeline as SVG: a bar for each step, with what it waited for.  Pure.

It is made of rectangles, lines and text by ElementTree of Python itself, which escapes what names hold.
"""

from typing import NamedTuple
from xml.etree import ElementTree

from saltext.lab.boot.run import CHANGED, FAILED, SAME

COLOURS = {CHANGED: "#2e7d32", SAME: "#a5d6a7", FAILED: "#c62828"}
OPEN = "#f9a825"  #: a step that had not ended
CRITICAL = "#1a237e"
ROW, FONT, CHARACTER = 20, 12, 7.3  #: px: height of a row, of its text, and width of one letter in a monospaced font
HEAD, PLOT, MARGIN = 64, 800, 12  #: px: above the first row, width of the plot, around all
TICKS = 10  #: parts of the time axis, at the most
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)  #: s between two ticks


class Frame(NamedTuple):
    """Where the plot is, in px, and how many px a second has."""

    left: float
    right: float
    scale: float

    def at(self, seconds):
        """Return where *seconds* since the beginning is."""
        return self.left + seconds * self.scale


def svg(timeline):
    """Return *timeline*, as ``boot.timeline.timeline`` makes it, as an SVG document."""
    bars, took = timeline["bars"], max(timeline["took"], 0.1)
    names = max([len(bar["step"]) for bar in bars], default=0) * CHARACTER
    notes = max([len(_note(bar)) for bar in bars], default=0) * CHARACTER
    frame = Frame(MARGIN + names + 10, MARGIN + names + 10 + PLOT, PLOT / took)
    title = f"{timeline['command']} {timeline['run']}: {timeline['state']} after {took:.1f} s"
    under = f"critical path {timeline['critical_s']:.1f} s: {len(timeline['critical'])} steps, outlined"
    width = max(frame.right + notes + MARGIN + 10, 2 * MARGIN + max(len(title), len(under)) * CHARACTER * 1.2)
    root = _root(width, HEAD + ROW * len(bars) + MARGIN)
    _text(root, MARGIN, 22, title, weight="bold")
    _text(root, MARGIN, 38, under)
    _axis(root, frame, took, HEAD + ROW * len(bars))
    for number, bar in enumerate(bars):
        _row(root, frame, bar, HEAD + ROW * number)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _root(width, height):
    size = {"width": f"{width:.0f}", "height": f"{height:.0f}", "viewBox": f"0 0 {width:.0f} {height:.0f}"}
    font = {"font-family": "DejaVu Sans Mono, Menlo, Consolas, monospace", "font-size": str(FONT)}
    root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, **font})
    ElementTree.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "white"})
    return root


def _axis(root, frame, took, bottom):
    step = next((step for step in STEPS if took / step <= TICKS), STEPS[-1])
    for tick in range(int(took / step) + 1):
        x = f"{frame.at(tick * step):.1f}"
        line = {"x1": x, "x2": x, "y1": str(HEAD - 4), "y2": str(bottom), "stroke": "#dddddd"}
        ElementTree.SubElement(root, "line", line)
        _text(root, frame.at(tick * step), HEAD - 8, f"{tick * step:g} s", anchor="middle", fill="#555555")


def _row(root, frame, bar, top):
    group = ElementTree.SubElement(root, "g")
    ElementTree.SubElement(group, "title").text = f"{bar['step']}: {bar['state']}, {_note(bar)}"
    _text(group, frame.left - 10, top + 14, bar["step"], anchor="end")
    length = max(1.5, (bar["end"] - bar["begin"]) * frame.scale)
    box = {"x": f"{frame.at(bar['begin']):.1f}", "y": str(top + 3), "width": f"{length:.1f}", "height": str(ROW - 6)}
    box |= {"fill": COLOURS.get(bar["state"], OPEN)}
    box |= {"stroke": CRITICAL, "stroke-width": "2"} if bar["critical"] else {}
    ElementTree.SubElement(group, "rect", box)
    _text(group, frame.at(bar["begin"]) + length + 6, top + 14, _note(bar), fill="#555555")


def _note(bar):
    after = f" after {bar['after']}" if bar["after"] else ""
    waited = f", {bar['waited']:.1f} s for a free worker" if bar["waited"] >= 1 else ""
    return f"{bar['end'] - bar['begin']:.1f} s{after}{waited}"


def _text(parent, x, y, words, anchor="start", fill="black", weight="normal"):  # noqa: PLR0913, PLR0917
    about = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "fill": fill, "font-weight": weight}
    ElementTree.SubElement(parent, "text", about).text = words
