"""What somebody who wants in may show as his id and as his key: for properties, and for cases with a fixed seed."""

import base64
import random
import re

from hypothesis import strategies as st

LOOK_ALIKES = "wèb1", "ｗeb1", "web１", "wеb1", "web1\u200b", "web1\u0301", "WEB1", "weB1", "\u202eweb1", "ẃeb1"
TRICKS = (
    *(
        "*",
        "?",
        "web?",
        "web[0-9]",
        "[a-z]*",
        "[!x]*",
        "web1*",
        "*web1",
        "{web1,web2}",
        "web1|web2",
        "(web1)",
        "^web1$",
    ),
    *("E@web.*", "L@web1", "G@id:web1", "web1 or web2", "web1,web2", "-web1", "--all", "-A", "@all", "$(id)", "`id`"),
    *("../web1", "../../minions/web1", "..", ".", "a/b", "/etc/shadow", "minions/web1", "web1/", "web1.json", "%2e%2e"),
    *("web1\n", "\nweb1", "web1\r\n", "web1\t", " web1", "web1 ", "\0web1", "web1\0", "web1\x1b[2J", "\x7f"),
    *(
        "web1\nrun it:\n  runner.salt.cmd:\n    - args:\n      - fun: test.ping",
        "- {id: web1}",
        "id: web1",
        "!!python/x",
    ),
    *("{{ 7 * 7 }}", "{% for x in y %}", "{{ salt['cmd.run']('id') }}", "#!py\nrun()", "%(id)s", "${web1}", "\\x77eb1"),
    *("&a [*a]", "*a", "null", "~", "true", "0x10", "1e3", "[]", "{}", "'", '"', "web1'", "<!--", "web1;id", "web1&"),
    *(
        "w" * 63,
        "w" * 64,
        "w" * 1000,
        "*" * 1000,
        "web1\n" * 200,
        "é" * 300,
        "con",
        "web1.",
        ".web1",
        "web..1",
        "web1-",
    ),
)
#: Ids as they may come: near to one that is enrolled, with characters that mean something somewhere, and any at all.
IDS = st.sampled_from((*LOOK_ALIKES, *TRICKS)) | st.text(alphabet="web12.-*[]?/\n{}%: ", max_size=80) | st.text()


def wrappings(pem):
    """Return a strategy of the key *pem*, text or bytes, in other lines than Salt's."""
    body = "".join(pem.strip().splitlines()[1:-1])
    ends = st.sampled_from(["\n", "\r\n", " ", "\n\n", "\t"])
    text = st.just(pem) | st.just(body) | st.builds(_wrapped, st.just(body), st.integers(1, 400), ends)
    return text | text.map(str.encode)


def damaged(pem):
    """Return a strategy of the key *pem*, text or bytes, when it is cut, or one of its characters is another."""
    cut = st.slices(len(pem)).map(lambda part: pem[part])
    bent = st.builds(_bent, st.just(pem), st.integers(0, len(pem) - 1), st.characters(max_codepoint=255))
    return cut | bent | (cut | bent).map(lambda one: one.encode("latin-1"))


def strangers(seed, count):
    """Return *count* ids by *seed*: all tricks as they are, and mixtures of them."""
    dice, known = random.Random(seed), [*LOOK_ALIKES, *TRICKS]
    mixed = ("".join(_shuffled(dice, "".join(dice.sample(known, 2))))[:200] for _ in range(10 * count))
    return list(dict.fromkeys([*known, *mixed]))[:count]


def forgeries(seed, count, pem):
    """Return *count* texts and bytes by *seed* that look like the key *pem*, and are another or none."""
    dice = random.Random(seed)
    kinds = (_turned, _cut, _noise, _long, _doubled)
    return [kinds[number % len(kinds)](dice, pem) for number in range(count)]


def _wrapped(body, width, end):
    lines = [body[at : at + width] for at in range(0, len(body), width)]
    return end.join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----"]) + end


def _bent(text, at, char):
    return text[:at] + char + text[at + 1 :]


def _shuffled(dice, text):
    letters = list(text)
    dice.shuffle(letters)
    return letters


def _turned(dice, pem):
    """Return *pem* with one bit of the modulus turned: another key, of a form that is right."""
    lines = pem.strip().splitlines()
    der = bytearray(base64.b64decode("".join(lines[1:-1])))
    der[dice.randrange(60, 200)] ^= 1 << dice.randrange(8)
    body = re.sub("(.{64})", "\\1\n", base64.b64encode(der).decode())
    return f"{lines[0]}\n{body}\n{lines[-1]}\n"


def _cut(dice, pem):
    return pem[: dice.randrange(1, len(pem) - 40)]


def _noise(dice, pem):
    return dice.randbytes(dice.randrange(1, len(pem)))


def _long(dice, pem):
    return pem + chr(dice.randrange(33, 500)) * dice.randrange(1, 20_000)


def _doubled(dice, pem):
    return pem * dice.randrange(2, 5)
