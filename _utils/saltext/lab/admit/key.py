"""Public keys of minions, told apart by their fingerprint.  Pure."""

import base64
import hashlib
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from saltext.lab.errors import BadWish

#: A 4096-bit key is 800 characters; anybody may send one to a master, which stores 500 KB of junk as it is.
LONGEST = 4096
BODY = r"[A-Za-z0-9+/=\s]+"
PEM = re.compile(
    rf"-----BEGIN (?P<kind>(?:RSA )?PUBLIC KEY)-----(?P<pem>{BODY})-----END (?P=kind)-----|(?P<bare>{BODY})"
)


def fingerprint(pem):
    """
    Return the sha256 of the RSA public key *pem* in lower-case hex: of its DER SubjectPublicKeyInfo (RFC 5280, 4.1).

    So it is the same however the text is wrapped.  *pem* is text or bytes: PEM, or the
    base64 alone.  Raises ``BadWish`` for everything else, private keys included.
    """
    try:
        key = load_der_public_key(_der(pem))
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise _unusable(err) from err
    if not isinstance(key, RSAPublicKey):
        raise _unusable("a minion's key is an RSA key")
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _der(pem):
    if not isinstance(pem, str | bytes) or len(pem) > LONGEST:
        raise ValueError(f"not a text of {LONGEST} characters at most")
    text = pem.decode("ascii") if isinstance(pem, bytes) else pem
    found = PEM.fullmatch(text.strip())
    if not found:
        raise ValueError("not one public key in PEM")
    return base64.b64decode("".join((found["pem"] or found["bare"]).split()), validate=True)


def _unusable(why):
    return BadWish("this is no public key of a minion", why, "take the file minion.pub as it is")
