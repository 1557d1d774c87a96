"""Reading an ID token of OpenID Connect (Core 1.0, 3.1.3.7): who signed it, for whom, for which login, and when. Pure."""

import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256, sha384, sha512
from typing import Any

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures by a key pair alone: with `none` or a shared secret anybody who knows our public data could sign."""
MAX_TOKEN_CHARS = 16 * 1024
OLDEST_S = 600
"""So long before now a token of a login that has just happened may have been made, in seconds."""
_HASHES: Mapping[str, Callable[[bytes], Any]] = {"256": sha256, "384": sha384, "512": sha512}


class TokenRefused(Exception):
    """A token that proves nothing. `code`: `wrong_token`, `wrong_issuer`, `wrong_audience`, `expired`, `wrong_nonce`,

    `unknown_key` (no published key has signed it: ask for the keys again), `stale_login`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say."""

    issuer: str
    client_id: str
    nonce: str
    subject_claim: str
    skew_s: int
    fresh_since: datetime | None
    """Where the provider was to ask for the login anew: when we sent the person there."""


def subject_in(
    token: str, access_token: str | None, keys: Sequence[Mapping[str, Any]], expected: Expected, now: datetime
) -> str:
    """The subject of a checked token. `keys`: the provider's published keys (RFC 7517). Raises `TokenRefused`."""
    algorithm, claims = _opened(token, keys)
    if claims.get("iss") != expected.issuer:
        raise TokenRefused("wrong_issuer", "the token names another issuer")
    _check_audience(claims, expected.client_id)
    _check_times(claims, expected, int(now.timestamp()))
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise TokenRefused("wrong_nonce", "the token belongs to another login")
    if "at_hash" in claims and claims["at_hash"] != _half_hash(access_token or "", algorithm):
        raise TokenRefused("wrong_token", "the token belongs to another access token")
    subject = claims.get(expected.subject_claim)
    if not isinstance(subject, str) or not subject.strip():
        raise TokenRefused("wrong_token", f"the token has no {expected.subject_claim}")
    return subject


def _opened(token: str, keys: Sequence[Mapping[str, Any]]) -> tuple[str, Mapping[str, Any]]:
    # Only who logs in so waits for the library.
    from joserfc import jws, jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey

    if len(token) > MAX_TOKEN_CHARS:
        raise TokenRefused("wrong_token", "the token is too long")
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError) as error:
        raise TokenRefused("wrong_token", f"not a token: {type(error).__name__}") from error
    algorithm, wanted = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or "crit" in header:
        raise TokenRefused("wrong_token", "the token is not signed by a key pair in a way that is known here")
    kind = "EC" if algorithm.startswith("ES") else "RSA"
    fitting = [
        key
        for key in keys
        if key.get("kty") == kind and key.get("use", "sig") == "sig" and (wanted is None or key.get("kid") == wanted)
    ]
    for key in fitting:
        try:
            made = ECKey.import_key(dict(key)) if kind == "EC" else RSAKey.import_key(dict(key))
            return algorithm, jwt.decode(token, made, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    code = "wrong_token" if fitting and wanted is not None else "unknown_key"
    raise TokenRefused(code, "none of the provider's keys has signed the token")


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    all_ = [audience] if isinstance(audience, str) else audience
    if not isinstance(all_, list) or client_id not in all_:
        raise TokenRefused("wrong_audience", "the token was made for somebody else")
    if (len(all_) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise TokenRefused("wrong_audience", "the token was given to somebody else")


def _check_times(claims: Mapping[str, Any], expected: Expected, now_s: int) -> None:
    ends, made = _moment(claims, "exp"), _moment(claims, "iat")
    begins = _moment(claims, "nbf") if "nbf" in claims else made
    if ends + expected.skew_s <= now_s or made + OLDEST_S + expected.skew_s < now_s:
        raise TokenRefused("expired", "the token's time is over")
    if max(made, begins) - expected.skew_s > now_s:
        raise TokenRefused("expired", "the token's time has not begun: the provider's clock or ours is wrong")
    since = expected.fresh_since
    if since is not None and _moment(claims, "auth_time") + expected.skew_s < int(since.timestamp()):
        raise TokenRefused("stale_login", "the provider did not ask for the login anew")


def _moment(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused("wrong_token", f"the token has no {name}")
    return int(value)


def _half_hash(access_token: str, algorithm: str) -> str:
    """OpenID Connect Core 1.0, 3.1.3.6."""
    digest = _HASHES[algorithm[-3:]](access_token.encode("utf-8")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")
