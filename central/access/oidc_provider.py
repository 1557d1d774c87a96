"""A provider of OpenID Connect: its discovery document and keys, the address to send a browser to, the exchange of the code.

Its addresses come from the document of the issuer that the configuration names. That host may stand anywhere; other hosts in the
document are asked only where the rules for outgoing requests let them.
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from central.access.oidc_token import Expected, TokenRefused, subject_in
from central.core.login_config import OidcConfig
from central.egress import web
from central.egress.connecting import Unreached
from central.egress.rules import OPERATORS_OWN, AddressRefused, EgressRules, web_address

TERM_S = 8.0
"""For each of the provider's answers, in seconds."""
MAX_DOCUMENT_BYTES = 256 * 1024
KEPT_S = 3600.0
"""So long the documents are believed without being asked for again."""
ASK_AGAIN_S = 20.0
"""Least time between two looks for keys that nobody has seen yet: a stranger's token must not make us ask at each try."""
_OK = 200


class ProviderOutage(Exception):
    """The provider cannot be asked, or what it answers makes no sense."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that was sent to the provider, and what its answer must fit."""

    state: str
    nonce: str
    verifier: str
    """Of PKCE (RFC 7636): only who began the login can exchange its code."""
    at: datetime


@dataclass(frozen=True, slots=True)
class _Documents:
    about: Mapping[str, Any]
    keys: Sequence[Mapping[str, Any]]
    asked_at: float


class OidcProvider:
    """One provider. Safe to use from several threads. Raises `OSError` for a file of the secret that cannot be read."""

    by_snils = False
    """Accounts have the provider's own name of the person."""

    def __init__(
        self,
        config: OidcConfig,
        redirect_uri: str,
        rules: EgressRules,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self._redirect_uri = redirect_uri
        self._rules = rules
        self._monotonic = monotonic
        file = config.client_secret_file
        self._secret = file.read_text(encoding="utf-8").strip() if file is not None else ""
        self._lock = threading.Lock()
        self._known: _Documents | None = None
        self._looked_again_at = -ASK_AGAIN_S

    def begin(self, now: datetime) -> tuple[str, Begun]:
        """Where to send the browser, and what to remember. Raises `ProviderOutage`."""
        about = self._documents().about
        begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), now)
        challenge = base64.urlsafe_b64encode(sha256(begun.verifier.encode("ascii")).digest()).rstrip(b"=")
        fields = {
            "response_type": "code",
            "client_id": self.config.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": " ".join(self.config.scopes),
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": challenge.decode("ascii"),
            "code_challenge_method": "S256",
        }
        if self.config.fresh_login:
            fields |= {"prompt": "login", "max_age": "0"}
        address = str(about["authorization_endpoint"])
        return f"{address}{'&' if '?' in address else '?'}{urlencode(fields)}", begun

    def subject_of(self, code: str, begun: Begun, now: datetime) -> str:
        """Exchange the code for a token and check it. Raises `ProviderOutage` and `TokenRefused`."""
        documents = self._documents()
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": begun.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self._secret:
            pair = f"{quote(self.config.client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode('utf-8')).decode('ascii')}"
        else:
            fields["client_id"] = self.config.client_id
        found = self._answered(str(documents.about["token_endpoint"]), urlencode(fields).encode("ascii"), headers)
        token, access_token = found.get("id_token"), found.get("access_token")
        if not isinstance(token, str):
            raise TokenRefused("wrong_token", "the provider gave no ID token")
        expected = Expected(
            issuer=self.config.issuer,
            client_id=self.config.client_id,
            nonce=begun.nonce,
            subject_claim=self.config.subject_claim,
            skew_s=self.config.clock_skew_s,
            fresh_since=begun.at if self.config.fresh_login else None,
        )
        known_access = access_token if isinstance(access_token, str) else None
        try:
            return subject_in(token, known_access, documents.keys, expected, now)
        except TokenRefused as error:
            if error.code != "unknown_key":
                raise
        # The provider may have changed its keys since.
        return subject_in(token, known_access, self._documents(again=True).keys, expected, now)

    @property
    def logout_address(self) -> str | None:
        """Where the provider ends its own session, where it says so; nothing is asked for it here."""
        known = self._known
        address = known.about.get("end_session_endpoint") if known is not None else None
        return address if isinstance(address, str) and _is_safe(address, self.config.issuer) else None

    def _documents(self, *, again: bool = False) -> _Documents:
        """`again`: keys that nobody has seen yet are wanted; the provider is asked for that at most every `ASK_AGAIN_S`."""
        now = self._monotonic()
        with self._lock:
            known = self._known
            if known is not None and (
                now - self._looked_again_at < ASK_AGAIN_S if again else now - known.asked_at < KEPT_S
            ):
                return known
            if again:
                self._looked_again_at = now
        # Nobody waits for the lock while the provider is awaited.
        try:
            fresh = self._asked()
        except ProviderOutage:
            # The keys that are known go on being good while the provider does not answer.
            if known is None or again:
                raise
            return known
        with self._lock:
            self._known = fresh
        return fresh

    def _asked(self) -> _Documents:
        about = self._answered(f"{self.config.issuer.rstrip('/')}/.well-known/openid-configuration")
        if about.get("issuer") != self.config.issuer:
            raise ProviderOutage("the provider's document names another issuer than login.oidc.issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            address = about.get(name)
            if not isinstance(address, str) or not _is_safe(address, self.config.issuer):
                raise ProviderOutage(f"the provider's document has no usable {name}")
        keys = self._answered(str(about["jwks_uri"])).get("keys")
        if not isinstance(keys, list):
            raise ProviderOutage("the provider publishes no keys")
        return _Documents(about, [key for key in keys if isinstance(key, dict)], self._monotonic())

    def _answered(
        self, address: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        own = urlsplit(address).netloc == urlsplit(self.config.issuer).netloc
        rules = OPERATORS_OWN if own else self._rules
        try:
            target = web_address(address, rules)
            if body is None:
                answer = web.get(
                    target, {"Accept": "application/json"}, rules, term_s=TERM_S, max_bytes=MAX_DOCUMENT_BYTES
                )
            else:
                answer = web.post(target, body, headers or {}, rules, term_s=TERM_S, max_bytes=MAX_DOCUMENT_BYTES)
        except (Unreached, AddressRefused) as error:
            raise ProviderOutage(f"the provider cannot be asked: {error}") from error
        if body is not None and 400 <= answer.status < 500:  # it has understood and says no
            raise TokenRefused("wrong_token", f"the provider did not take the code: {answer.status}")
        if answer.status != _OK:
            raise ProviderOutage(f"the provider answered {answer.status}")
        try:
            found = json.loads(answer.body)
        except ValueError as error:
            raise ProviderOutage("the provider's answer is no JSON") from error
        if not isinstance(found, dict):
            raise ProviderOutage("the provider's answer is no JSON object")
        return found


def _is_safe(address: str, issuer: str) -> bool:
    """Encrypted, or on the very host that the configuration names without encryption."""
    found, own = urlsplit(address), urlsplit(issuer)
    return found.scheme == "https" or (found.scheme == own.scheme == "http" and found.hostname == own.hostname)
