import logging

import pytest

from saltext.lab.errors import BadWish
from saltext.lab.spec import source


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lab:\n  name: [demo\n  x: {\n", "did not find expected"),
        ("lab: {{ nope", "Jinja syntax error"),
        ("lab: {{ x.y.z }}", "'x' is undefined"),
        ("lab: {}", "there is no lab in pillar SLS mine"),
    ],
)
def test_a_spec_that_cannot_be_rendered_is_told_in_one_line_and_no_log(tmp_path, caplog, text, words):
    (tmp_path / "mine.sls").write_text(text)
    with pytest.raises(BadWish, match=words) as caught:
        source.load(tmp_path, "mine")

    assert "\n" not in str(caught.value)
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert not logging.root.manager.disable
