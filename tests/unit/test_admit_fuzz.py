"""Whatever is shown as id and as key: the key that was enrolled comes in, once and in time, and nothing else does."""

import base64
import re
from string import ascii_lowercase, digits

import pytest
import salt.crypt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from saltext.lab.admit.decide import ACCEPT, LEAVE, REJECT, decide
from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.record import Record
from saltext.lab.admit.store import Store
from tests.support.hostile import IDS, damaged, wrappings

PRIVATE, PUBLIC = salt.crypt.gen_keys(2048)
OTHER = salt.crypt.gen_keys(2048)[1]
CURVE = (
    ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)
NUMBERS = load_pem_public_key(PUBLIC.encode()).public_numbers()
TEXT = st.text() | st.text(alphabet="-BEGINDPULICKYA= \n\r\t/+09az", max_size=200)
EVERYTHING = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.binary() | st.lists(TEXT, max_size=3)
TIMES = st.floats(allow_nan=False, allow_infinity=False)
SHOWN = EVERYTHING | wrappings(PUBLIC) | damaged(PUBLIC)

MANY = settings(max_examples=1000)


def is_the_enrolled(pub):
    """Return whether the base64 in *pub* is the DER of the enrolled key, as another reader than ours finds it."""
    text = pub.decode("latin-1") if isinstance(pub, bytes) else pub
    body = re.sub(r"-----[A-Z ]+-----|\s", "", text)
    try:
        return load_der_public_key(base64.b64decode(body)).public_numbers() == NUMBERS
    except ValueError:
        return False


def record(expires, admitted):
    return Record(id="web1", fingerprint=fingerprint(PUBLIC), expires=expires, admitted=admitted)


@MANY
@given(pub=SHOWN, expires=TIMES, admitted=st.none() | TIMES, now=TIMES)
def test_only_the_enrolled_key_is_accepted_unused_and_in_time(pub, expires, admitted, now):
    verdict = decide(pub, record(expires, admitted), now)

    assert verdict.act in (ACCEPT, REJECT)
    if verdict.act == ACCEPT:
        assert is_the_enrolled(pub)
        assert admitted is None
        assert now <= expires
    assert len(verdict.why.splitlines()) == 1


@given(pub=wrappings(PUBLIC))
def test_the_enrolled_key_is_accepted_however_it_is_wrapped(pub):
    assert decide(pub, record(100.0, None), 100.0).act == ACCEPT


@MANY
@given(pub=damaged(PUBLIC))
def test_a_damaged_key_is_accepted_only_where_the_damage_does_not_change_it(pub):
    assert decide(pub, record(100.0, None), 100.0).act == REJECT or is_the_enrolled(pub)


@pytest.mark.parametrize(
    "pub", [PRIVATE, CURVE, OTHER, PUBLIC + OTHER, OTHER + PUBLIC, PUBLIC * 2, PUBLIC + "x" * 500_000]
)
def test_what_is_not_exactly_the_one_key_is_rejected(pub):
    assert decide(pub, record(100.0, None), 100.0).act == REJECT


@given(pub=SHOWN, now=TIMES)
def test_whom_nobody_enrolled_waits_whatever_he_shows(pub, now):
    assert decide(pub, None, now).act == LEAVE


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("records"))
    store.put(record(100.0, None))
    return store


@MANY
@given(minion=EVERYTHING | IDS)
def test_no_id_but_the_enrolled_one_finds_its_record(store, minion):
    assert (store.get(minion) is not None) == (minion == "web1")
    assert {path.name for path in store.directory.iterdir()} <= {"web1.json", ".lock"}


@MANY
@given(minion=IDS)
def test_an_id_of_a_machine_is_a_short_name_in_plain_letters(store, minion):
    plain = set(minion) <= set(ascii_lowercase + digits + "-.") and 0 < len(minion) <= 63
    plain = plain and minion[0] not in "-." and minion[-1] not in "-."

    assert can_be_enrolled(minion) == plain


def can_be_enrolled(minion):
    try:
        Record(id=minion, fingerprint=fingerprint(PUBLIC), expires=100.0)
    except ValueError:
        return False
    return True
