"""ЕСИА as a provider of logins: a medic is led there and comes back, and is matched to the register by SNILS.

A password of the portal is never asked for here, stored or taken. ЕСИА says who somebody is; rights stay in our accounts, and the
own second factor stays too.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from cryptography import x509

from central.access.esia_requests import AUTHORISE, PERSON, TOKEN, Asked, timestamp_of
from central.access.esia_token import person_in
from central.access.oidc_provider import Begun, ProviderOutage
from central.access.oidc_token import TokenRefused
from central.core.login_config import EsiaConfig
from central.core.snils import parse_snils
from central.egress import web
from central.egress.connecting import Unreached
from central.egress.rules import OPERATORS_OWN, AddressRefused, web_address
from central.signature.gost_raw import RawGostKey
from central.signature.provider import SigningRefused

TERM_S = 8.0
"""For each of ЕСИА's answers, in seconds."""
MAX_ANSWER_BYTES = 256 * 1024
_OK = 200


class EsiaProvider:
    """ЕСИА in one of its two variants. Safe to use from several threads."""

    by_snils = True
    """An account needs no name of the provider's: the medic's SNILS says who it is."""

    def __init__(self, config: EsiaConfig, redirect_uri: str, medic_of: Callable[[str], str | None]) -> None:
        """`medic_of`: the medic whose account ЕСИА vouches for, by the digits of a SNILS.

        Raises `OSError` and `ValueError` for a key or a certificate that cannot be read.
        """
        self.config = config
        self._redirect_uri, self._medic_of = redirect_uri, medic_of
        self._key = RawGostKey(
            x509.load_pem_x509_certificate(config.certificate_file.read_bytes()), config.key_file.read_bytes()
        )
        self._signer = x509.load_pem_x509_certificate(config.token_certificate_file.read_bytes())

    @property
    def logout_address(self) -> str | None:
        """ЕСИА's own session is its own."""
        return None

    def begin(self, now: datetime) -> tuple[str, Begun]:
        """Where to send the browser, and what to remember. Raises `ProviderOutage`."""
        begun = Begun(str(uuid4()), "", "", now)
        asked = self._asked(begun, now, "")
        return f"{self.config.base}{AUTHORISE[self.config.variant]}?{urlencode(self._fields(asked))}", begun

    def subject_of(self, code: str, begun: Begun, now: datetime) -> str:
        """The medic whom ЕСИА vouches for: `medic_id`. Raises `ProviderOutage` and `TokenRefused`."""
        form = urlencode(self._fields(self._asked(begun, now, code))).encode("ascii")
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        found = self._answered(f"{self.config.base}{TOKEN[self.config.variant]}", form, headers)
        if found.get("state") != begun.state:
            raise TokenRefused("wrong_nonce", "the answer belongs to another login")
        token, access = found.get("id_token"), found.get("access_token")
        if (
            not isinstance(token, str)
            or not isinstance(access, str)
            or not access.isascii()
            or not access.isprintable()
        ):
            raise TokenRefused("wrong_token", "ЕСИА gave no token")
        try:
            number = person_in(token, self.config, self._signer, now)
        except SigningRefused as error:
            raise ProviderOutage(f"a token cannot be checked: {error}") from error
        headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
        person = self._answered(f"{self.config.base}{PERSON}{number}", None, headers)
        if person.get("trusted") is not True:
            raise TokenRefused("not_trusted", "the person's record at ЕСИА is not confirmed")
        try:
            snils = parse_snils(str(person.get("snils", "")))
        except ValueError as error:
            raise TokenRefused("wrong_snils", "ЕСИА gave no SNILS") from error
        medic_id = self._medic_of(snils)
        if medic_id is None:
            raise TokenRefused("wrong_snils", "no medic with an account has this SNILS")
        return medic_id

    def _asked(self, begun: Begun, now: datetime, code: str) -> Asked:
        scope = " ".join(self.config.scopes)
        return Asked(self.config.client_id, scope, timestamp_of(now), begun.state, self._redirect_uri, code)

    def _fields(self, asked: Asked) -> Mapping[str, str]:
        signed = asked.signed_string(self.config.variant)
        try:
            if self.config.variant == "pkcs7":
                made, certificate_hash = self._key.sign_cms(signed), ""
            else:
                made, certificate_hash = self._key.sign_raw(signed), self._key.certificate_hash()
        except SigningRefused as error:
            raise ProviderOutage(f"a request to ЕСИА cannot be signed: {error}") from error
        return asked.fields(base64.urlsafe_b64encode(made).decode("ascii"), certificate_hash)

    def _answered(self, address: str, body: bytes | None, headers: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            target = web_address(address, OPERATORS_OWN)
            if body is None:
                answer = web.get(target, headers, OPERATORS_OWN, term_s=TERM_S, max_bytes=MAX_ANSWER_BYTES)
            else:
                answer = web.post(target, body, headers, OPERATORS_OWN, term_s=TERM_S, max_bytes=MAX_ANSWER_BYTES)
        except (Unreached, AddressRefused) as error:
            raise ProviderOutage(f"ЕСИА cannot be asked: {error}") from error
        if 400 <= answer.status < 500:  # it has understood and says no
            raise TokenRefused("wrong_token", f"ЕСИА did not take the request: {answer.status}")
        if answer.status != _OK:
            raise ProviderOutage(f"ЕСИА answered {answer.status}")
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise ProviderOutage("ЕСИА's answer is no JSON") from error
        if not isinstance(found, dict):
            raise ProviderOutage("ЕСИА's answer is no JSON object")
        return found
