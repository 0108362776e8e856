import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
import salt.crypt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.admit.key import LONGEST, fingerprint
from saltext.lab.errors import BadWish

PRIVATE, PUBLIC = salt.crypt.gen_keys(2048)
BODY = "".join(PUBLIC.strip().splitlines()[1:-1])
PKCS1 = load_pem_public_key(PUBLIC.encode()).public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
CURVE = ec.generate_private_key(ec.SECP256R1()).public_key()


def test_it_is_what_openssl_says(tmp_path):
    Path(tmp_path, "key").write_text(PUBLIC)
    argv = ["openssl", "pkey", "-pubin", "-in", tmp_path / "key", "-outform", "DER"]
    der = subprocess.run(argv, check=True, capture_output=True, timeout=20).stdout

    assert fingerprint(PUBLIC) == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize(
    "same", [PUBLIC.encode(), salt.crypt.clean_key(PUBLIC), PUBLIC.replace("\n", "\r\n"), PKCS1, BODY, f"\n{BODY}\n"]
)
def test_the_wrapping_does_not_matter(same):
    assert fingerprint(same) == fingerprint(PUBLIC)


def test_another_key_is_another():
    assert fingerprint(salt.crypt.gen_keys(2048)[1]) != fingerprint(PUBLIC)


@pytest.mark.parametrize(
    "junk",
    [
        None,
        5,
        "",
        b"",
        "\u212a",
        b"\xff",
        PRIVATE,
        PUBLIC + PUBLIC,
        PUBLIC + "and more",
        "junk\n" + PUBLIC,
        PUBLIC.replace("-----END PUBLIC KEY-----", ""),
        PUBLIC[:100] + PUBLIC[120:],
        base64.b64encode(b"x" * 300).decode(),
        CURVE.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        BODY + " " * LONGEST,
        "A" * 500_000,
    ],
)
def test_everything_else_is_refused_in_one_line(junk):
    with pytest.raises(BadWish, match="no public key") as caught:
        fingerprint(junk)

    assert len(str(caught.value).splitlines()) == 1


@given(junk=st.text() | st.binary() | st.binary().map(base64.b64encode))
def test_no_other_error_comes_out(junk):
    with pytest.raises(BadWish):
        fingerprint(junk)


@given(at=st.integers(0, len(BODY) - 1), char=st.sampled_from("ABCxyz019+/="))
def test_a_bent_key_is_another_or_none(at, char):
    bent = BODY[:at] + char + BODY[at + 1 :]
    try:
        assert (fingerprint(bent) == fingerprint(PUBLIC)) == (bent == BODY)
    except BadWish:
        assert bent != BODY
