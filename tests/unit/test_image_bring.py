"""An overlay that arrives other than it was sent is not kept, and takes the place of nothing."""

import base64
import hashlib

import pytest

from saltext.lab.errors import NotConverged, Unreachable
from saltext.lab.images import bring

DATA = bytes(range(256)) * 3000  # three pieces
SAID = {"sha256": hashlib.sha256(DATA).hexdigest(), "size": len(DATA), "take": ["etc/motd"], "left": {}}


class Node:
    """A machine that made ``DATA``; *spoilt* is what it gives in its place from the second piece on."""

    def __init__(self, spoilt=lambda piece: piece):
        self.asked, self.spoilt = [], spoilt

    def __call__(self, function, *arguments, **options):
        self.asked.append(function)
        if function == "lab_image.commit":
            return SAID
        if function == "lab_image.read":
            offset, length = arguments
            piece = DATA[offset : offset + length]
            return base64.b64encode(self.spoilt(piece) if offset else piece).decode()
        return None


def gone(piece):
    raise Unreachable("web1 does not answer lab_image.read")


def test_it_comes_in_pieces_and_is_taken_away_there(tmp_path):
    node = Node()
    made = bring.bring(node, "web1", "/etc", "web1", tmp_path)

    assert (tmp_path / "web1.tar.gz").read_bytes() == DATA
    assert (made["from"], made["sha256"]) == ("web1", SAID["sha256"])
    assert node.asked.count("lab_image.read") == 3
    assert node.asked[-1] == "lab_image.drop"


@pytest.mark.parametrize(
    ("spoilt", "error"),
    [(lambda piece: piece[:-1] + b"?", NotConverged), (lambda piece: b"", NotConverged), (gone, Unreachable)],
    ids=["changed", "cut off", "gone"],
)
def test_what_does_not_arrive_as_it_was_sent_leaves_the_one_before(tmp_path, spoilt, error):
    bring.bring(Node(), "web1", "/etc", "web1", tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    node = Node(spoilt)
    with pytest.raises(error):
        bring.bring(node, "web1", "/etc", "web1", tmp_path)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert node.asked[-1] == "lab_image.drop"
