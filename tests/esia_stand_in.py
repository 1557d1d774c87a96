"""A stand-in for ЕСИА: the paths, strings, signatures and error codes of both variants, checked by openssl on its own.

A second reading of published clients; it shares no code with the centre. It has a key of its own for tokens.
"""

import base64
import contextlib
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.gost_authority import GostAuthority

CLIENT_ID = "DOPUSK01"
OID = 1000299654
ISSUER = "http://esia.gosuslugi.ru/"


@dataclass
class Esia:
    """What a test may turn. `refused`: codes of errors that were answered; `claims`: changes of the next tokens."""

    authority: GostAuthority
    client: str
    """Whose certificate (`NAME.pem`) may ask."""
    base: str = ""
    token_key: str = "esia"
    snils: str = ""
    trusted: bool = True
    claims: dict[str, Any] = field(default_factory=dict)
    state: str = ""
    refused: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorise(self, address: str) -> str:
        """What a browser does that is sent there and logs in: where it is sent back to."""
        parts = urlsplit(address)
        said = {name: values[-1] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        variant = {"/aas/oauth2/ac": "pkcs7", "/aas/oauth2/v2/ac": "raw"}[parts.path]
        back = said["redirect_uri"]
        error = self.fault_of(said, variant, "")
        if error:
            self.refused.append(error)
            return f"{back}?error=invalid_request&error_description={quote(error)}&state={said['state']}"
        code = f"code-{len(self.codes)}"
        self.codes[code] = said | {"variant": variant}
        return f"{back}?code={code}&state={said['state']}"

    def fault_of(self, said: dict[str, str], variant: str, code: str) -> str:
        """The error of a request, by its signed string; empty where it is right."""
        needed = {"client_id", "client_secret", "redirect_uri", "scope", "state", "timestamp"}
        if not needed <= set(said) or said["client_id"] != CLIENT_ID:
            return "ESIA-007014"
        sent = time.strptime(said["timestamp"], "%Y.%m.%d %H:%M:%S +0000")
        if abs(time.mktime(sent) - time.mktime(time.gmtime())) > 300:
            return "ESIA-007015"
        if variant == "pkcs7":
            text = said["scope"] + said["timestamp"] + said["client_id"] + said["state"]
        else:
            text = said["client_id"] + said["scope"] + said["timestamp"] + said["state"] + said["redirect_uri"] + code
            if said.get("client_certificate_hash") != self._certificate_hash():
                return "ESIA-007002"
        signature = base64.urlsafe_b64decode(said["client_secret"])
        is_signed = (
            self._is_cms(signature, text.encode()) if variant == "pkcs7" else self._is_raw(signature, text.encode())
        )
        return "" if is_signed else "ESIA-007002"

    def token(self, said: dict[str, str], variant: str) -> tuple[int, dict[str, Any]]:
        """The answer of the address of tokens. A code is good once."""
        begun = self.codes.pop(said.get("code", ""), None)
        error = "ESIA-007011" if begun is None or begun["variant"] != variant else ""
        error = error or self.fault_of(said, variant, said["code"])
        if error:
            self.refused.append(error)
            return 400, {"error": "invalid_request", "error_description": error}
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "urn:esia:sbj": {"urn:esia:sbj:oid": OID},
        }
        head = {"alg": "GOST3410_2012_256", "typ": "JWT", "sbt": "id"}
        text = ".".join(_b64(json.dumps(part).encode()) for part in (head, claims | self.claims))
        signed = self._openssl(
            ("dgst", "-engine", "gost", "-md_gost12_256", "-sign", f"{self.token_key}.key", "-out", "made"),
            text.encode(),
        )
        token = f"{text}.{_b64(signed)}"
        answer = {"access_token": "access-1", "id_token": token, "state": self.state or said["state"]}
        return 200, answer | {"token_type": "Bearer", "expires_in": 3600}

    def _certificate_hash(self) -> str:
        der = self._openssl(
            ("x509", "-engine", "gost", "-in", f"{self.client}.pem", "-outform", "DER", "-out", "made"), b""
        )
        return self._openssl(("dgst", "-engine", "gost", "-md_gost12_256", "-binary", "-out", "made"), der).hex()

    def _is_cms(self, signature: bytes, content: bytes) -> bool:
        check = (
            "cms",
            "-verify",
            "-engine",
            "gost",
            "-binary",
            "-inform",
            "DER",
            "-in",
            "given",
            "-content",
            "content",
        )
        # By the client's own certificate, and by no other that the message brings along.
        return self._check((*check, "-nointern", "-certfile", f"{self.client}.pem", "-noverify"), signature, content)

    def _is_raw(self, signature: bytes, content: bytes) -> bool:
        self._openssl(
            ("x509", "-engine", "gost", "-in", f"{self.client}.pem", "-pubkey", "-noout", "-out", "made"), b""
        )
        check = ("dgst", "-engine", "gost", "-md_gost12_256", "-verify", "made", "-signature", "given", "content")
        return self._check(check, signature, content)

    def _check(self, command: tuple[str, ...], signature: bytes, content: bytes) -> bool:
        folder = self.authority.folder
        (folder / "given").write_bytes(signature)
        (folder / "content").write_bytes(content)
        return subprocess.run(["openssl", *command], cwd=folder, capture_output=True, check=False).returncode == 0

    def _openssl(self, command: tuple[str, ...], given: bytes) -> bytes:
        folder = self.authority.folder
        subprocess.run(["openssl", *command], cwd=folder, input=given, capture_output=True, check=True)
        return (folder / "made").read_bytes()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


@contextlib.contextmanager
def running_esia() -> Iterator[Esia]:
    """A stand-in that knows the client `dopusk`."""
    with tempfile.TemporaryDirectory() as folder:
        authority = GostAuthority(Path(folder) / "gost", 256)
        for name in ("dopusk", "esia", "stranger"):
            authority.issue(name)
        made = Esia(authority, "dopusk")

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Nothing is told."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                said = {name: values[-1] for name, values in parse_qs(body, strict_parsing=True).items()}
                variant = {"/aas/oauth2/te": "pkcs7", "/aas/oauth2/v3/te": "raw"}[self.path]
                self._say(*made.token(said, variant))

            def do_GET(self) -> None:
                is_own = self.path == f"/rs/prns/{OID}" and self.headers["Authorization"] == "Bearer access-1"
                person = {"trusted": made.trusted, "snils": made.snils, "firstName": "Зоя", "status": "REGISTERED"}
                self._say(200 if is_own else 401, person if is_own else {})

            def _say(self, status: int, body: dict[str, Any]) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = False
        made.base = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, name="esia-stand-in")
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
