"""What is sent to ЕСИА in both variants of its protocol: fields and the strings that are signed. Pure.

Read from published clients (esia-oauth2, esia-potato; go-api-epgu): the old variant signs scope, timestamp, client_id and state by
a detached CMS; the present one signs other strings, at the token with the code, by a raw signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

AUTHORISE = {"pkcs7": "/aas/oauth2/ac", "raw": "/aas/oauth2/v2/ac"}
TOKEN = {"pkcs7": "/aas/oauth2/te", "raw": "/aas/oauth2/v3/te"}
PERSON = "/rs/prns/"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to ЕСИА. `code` is empty where a browser is sent there."""

    client_id: str
    scope: str
    timestamp: str
    state: str
    redirect_uri: str
    code: str = ""

    def signed_string(self, variant: str) -> bytes:
        """What the centre's key signs."""
        if variant == "pkcs7":
            return f"{self.scope}{self.timestamp}{self.client_id}{self.state}".encode()
        return f"{self.client_id}{self.scope}{self.timestamp}{self.state}{self.redirect_uri}{self.code}".encode()

    def fields(self, secret: str, certificate_hash: str) -> Mapping[str, str]:
        """The fields of the request. `certificate_hash`: empty in the old variant."""
        common = {
            "client_id": self.client_id,
            "client_secret": secret,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": self.state,
            "timestamp": self.timestamp,
        }
        if certificate_hash:
            common["client_certificate_hash"] = certificate_hash
        if self.code:
            return common | {"grant_type": "authorization_code", "code": self.code, "token_type": "Bearer"}
        return common | {"response_type": "code", "access_type": "online"}


def timestamp_of(now: datetime) -> str:
    """`2026.12.01 08:00:00 +0000`."""
    return now.astimezone(UTC).strftime("%Y.%m.%d %H:%M:%S %z")
