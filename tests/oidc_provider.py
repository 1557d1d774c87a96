"""A provider of OpenID Connect for tests: a small HTTP server on the loopback with keys of its own and really signed tokens.

A second reading of the standard, which shares no code with the centre: tokens are put together and signed here by hand.
"""

import base64
import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT_ID, CLIENT_SECRET = "dopusk console", "s:ecret of the client"
PAGE = """<!doctype html><html lang="en"><title>Provider</title><main><h1>Provider</h1>
<form method="post" action="/authorize?{query}">
<label>Name <input name="subject"></label><button>Log in</button></form></main></html>"""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class Key:
    """An RSA key with its id."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = secrets.token_hex(4)

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        n, e = (value.to_bytes((value.bit_length() + 7) // 8, "big") for value in (numbers.n, numbers.e))
        return {"kty": "RSA", "use": "sig", "kid": self.kid, "n": b64(n), "e": b64(e)}

    def signed(self, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
        head = b64(json.dumps(header or {"alg": "RS256", "kid": self.kid}).encode())
        text = f"{head}.{b64(json.dumps(claims).encode())}"
        return f"{text}.{b64(self.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@dataclass
class Provider:
    """What a test may turn. `mend` changes the claims of the next tokens, `forge` replaces the whole token."""

    issuer: str
    key: Key = field(default_factory=Key)
    published: list[dict[str, str]] = field(default_factory=list)
    mend: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    forge: Callable[[dict[str, Any]], str] | None = None
    about: dict[str, Any] = field(default_factory=dict)
    answers_with_issuer: bool = True
    is_out: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)

    def rotate(self) -> None:
        """New keys in place of the old ones."""
        self.key = Key()
        self.published = [self.key.jwk]

    def document(self) -> dict[str, Any]:
        places = {
            name: f"{self.issuer}/{path}"
            for name, path in (
                ("authorization_endpoint", "authorize"),
                ("token_endpoint", "token"),
                ("jwks_uri", "keys"),
                ("end_session_endpoint", "leave"),
            )
        }
        return {"issuer": self.issuer} | places | self.about

    def token_for(self, query: dict[str, str]) -> dict[str, Any]:
        now = int(time.time())
        access = secrets.token_urlsafe(16)
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": query["subject"],
            "iat": now,
            "exp": now + 60,
            "auth_time": now,
            "nonce": query["nonce"],
            "at_hash": b64(half),
        }
        claims = self.mend(claims)
        token = self.forge(claims) if self.forge is not None else self.key.signed(claims)
        return {"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": token}


def _proves(query: dict[str, str], form: dict[str, str], authorization: str) -> bool:
    """The client's secret, its own address, and PKCE."""
    expected = base64.b64encode(b"dopusk%20console:s%3Aecret%20of%20the%20client").decode()
    challenge = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
    return (
        authorization == f"Basic {expected}"
        and form.get("redirect_uri") == query["redirect_uri"]
        and challenge == query["code_challenge"]
        and query["code_challenge_method"] == "S256"
    )


@contextlib.contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            place = urlsplit(self.path)
            if made.is_out:
                self._say(503, b"")
            elif place.path == "/.well-known/openid-configuration":
                self._json(200, made.document())
            elif place.path == "/keys":
                self._json(200, {"keys": made.published})
            elif place.path == "/authorize":
                self._say(200, PAGE.format(query=place.query.replace("&", "&amp;")).encode())
            else:
                self._say(200, b"<!doctype html><title>Left</title>")

        def do_POST(self) -> None:
            made.asked.append(self.path)
            place = urlsplit(self.path)
            size = int(self.headers.get("Content-Length", 0))
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()}
            if made.is_out:
                self._say(503, b"")
            elif place.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(place.query).items()}
                made.queries.append(query)
                code = secrets.token_urlsafe(16)
                made.codes[code] = query | form
                back = {"code": code, "state": query["state"]}
                back |= {"iss": made.issuer} if made.answers_with_issuer else {}
                self.send_response(303)
                self.send_header("Location", f"{query['redirect_uri']}?{urlencode(back)}")
                self.end_headers()
            else:
                query = made.codes.pop(form.get("code", ""), {})
                if query and _proves(query, form, self.headers.get("Authorization", "")):
                    self._json(200, made.token_for(query))
                else:
                    self._json(400, {"error": "invalid_grant"})

        def _json(self, status: int, found: Any) -> None:
            self._say(status, json.dumps(found).encode(), "application/json")

        def _say(self, status: int, body: bytes, kind: str = "text/html; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing of it belongs into the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Provider(f"http://127.0.0.1:{server.server_address[1]}")
    made.published = [made.key.jwk]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="provider")
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
