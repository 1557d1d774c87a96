"""Reading an ID token of ЕСИА: who signed it, for whom, about whom, and when. The key is the one that the configuration names."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from central.access.oidc_token import MAX_TOKEN_CHARS, TokenRefused
from central.core.login_config import EsiaConfig
from central.signature.gost_raw import is_signed_raw

SUBJECT = "urn:esia:sbj"
OBJECT_ID = "urn:esia:sbj:oid"


def person_in(token: str, config: EsiaConfig, signer: x509.Certificate, now: datetime) -> str:
    """The number of the person at ЕСИА, of a checked token. Raises `TokenRefused`."""
    parts = token.split(".") if len(token) <= MAX_TOKEN_CHARS else []
    if len(parts) != 3:
        raise TokenRefused("wrong_token", "not a token")
    header, claims, signature = _object(parts[0]), _object(parts[1]), _decoded(parts[2])
    check = _CHECKS.get(str(header.get("alg")))
    if check is None or "crit" in header:
        raise TokenRefused("wrong_token", "the token is not signed in a way that is known here")
    if not check(signature, f"{parts[0]}.{parts[1]}".encode("ascii"), signer):
        raise TokenRefused("wrong_token", "the key of login.esia.token_certificate_file has not signed the token")
    if claims.get("iss") != config.issuer:
        raise TokenRefused("wrong_issuer", "the token names another issuer")
    audience = claims.get("aud")
    if audience != config.client_id and audience != [config.client_id]:
        raise TokenRefused("wrong_audience", "the token was made for somebody else")
    now_s = now.timestamp()
    made, ends = _moment(claims, "iat"), _moment(claims, "exp")
    if ends + config.clock_skew_s <= now_s or made - config.clock_skew_s > now_s:
        raise TokenRefused("expired", "the token's time is over, or has not begun")
    subject = claims.get(SUBJECT)
    number = subject.get(OBJECT_ID) if isinstance(subject, dict) else None
    if isinstance(number, bool) or not isinstance(number, int | str) or not str(number).isdigit():
        raise TokenRefused("wrong_token", f"the token has no {OBJECT_ID}")
    return str(number)


def _object(part: str) -> Mapping[str, Any]:
    try:
        found = json.loads(_decoded(part))
    except (ValueError, RecursionError) as error:
        raise TokenRefused("wrong_token", "not a token") from error
    if not isinstance(found, dict):
        raise TokenRefused("wrong_token", "not a token")
    return found


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError) as error:
        raise TokenRefused("wrong_token", "not a token") from error


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused("wrong_token", f"the token has no {name}")
    return float(value)


def _rsa(signature: bytes, content: bytes, signer: x509.Certificate) -> bool:
    try:
        key = signer.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, content, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


_CHECKS: Mapping[str, Callable[[bytes, bytes, x509.Certificate], bool]] = {
    "RS256": _rsa,
    "GOST3410_2012_256": is_signed_raw,
}
"""By the algorithm that the token names; a token that names none, or a shared secret, proves nothing."""
