"""What the centre asks of the program at a medic's workplace that holds her key: signed by the centre, for one session, once.

The browser carries it. The program believes nothing that the page says besides: without the centre's signature, for another origin,
another session, another content, too late or a second time it signs nothing.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import BaseModel, ConfigDict, Field

from sync.contract.canonical import canonical

_PREFIX = b"dopusk signing request 1\n"
"""Nothing else that this key signs begins so."""
Sha256 = Field(pattern=r"^[0-9a-f]{64}$")


class RequestRefused(Exception):
    """A request that must not be followed. `code`: `not_ours`, `wrong_origin`, `wrong_content`, `too_late`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SigningRequest(BaseModel):
    """One request. `enrol` and `open` prove that the key is there, over words of the centre; `decide` signs a decision's record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: Literal["enrol", "open", "decide"]
    origin: str
    """Of the console, as browsers say it: scheme, name and port."""
    session: str = Sha256
    nonce: str = Field(min_length=20, max_length=64)
    issued_at: datetime
    expires_at: datetime
    certificate_sha256: str = Field(pattern=r"^([0-9a-f]{64})?$")
    """Of the certificate in the register; empty where there is none yet."""
    content_sha256: str = Sha256


def seal_request(request: SigningRequest, key: Ed25519PrivateKey) -> dict[str, str]:
    """`body`, canonical JSON, and the centre's `signature` of it, base64."""
    body = canonical(request.model_dump(mode="json"))
    return {"body": body.decode("utf-8"), "signature": base64.b64encode(key.sign(_PREFIX + body)).decode("ascii")}


def opened_request(
    sealed: Mapping[str, Any], content: bytes, centre_key: Ed25519PublicKey, origin: str, now: datetime, skew_s: float
) -> SigningRequest:
    """The request, when it is the centre's own, for this origin and content, and in its time. Raises `RequestRefused`."""
    try:
        body = str(sealed["body"]).encode("utf-8")
        centre_key.verify(base64.b64decode(str(sealed["signature"]), validate=True), _PREFIX + body)
        request = SigningRequest.model_validate(json.loads(body))
    except (InvalidSignature, KeyError, ValueError, binascii.Error) as error:
        raise RequestRefused(
            "not_ours", "the request is not one of the centre that this program was set up for"
        ) from error
    if request.origin != origin:
        raise RequestRefused("wrong_origin", "the request is for another address of the console")
    if sha256(content).hexdigest() != request.content_sha256:
        raise RequestRefused("wrong_content", "what is to be signed is not what the centre asked for")
    if not request.issued_at.timestamp() - skew_s <= now.timestamp() <= request.expires_at.timestamp() + skew_s:
        raise RequestRefused("too_late", "the request's time is over, or the clock of this computer is wrong")
    return request


def public_text(key: Ed25519PublicKey) -> str:
    """A public key as people copy it: the raw 32 bytes, base64."""
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode("ascii")


def public_key_of(text: str) -> Ed25519PublicKey:
    """The key of `public_text`. Raises `ValueError`."""
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
