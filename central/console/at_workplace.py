"""Pages that talk to a key at the medic's workplace: what they carry there, and what they may reach.

Only these pages may ask the loopback of the medic's own computer, or load the script of a plug-in of the browser.
"""

import base64
import hmac
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from fastapi import Response

from central.console.context import Console, Visitor
from central.console.headers import SECURITY_HEADERS
from central.deciding.workplace import DECIDE_S, PROVE_S, AwaitedSignature, Purpose, ask, words_to_prove
from central.signature.remote import PLUGIN
from central.store.medics import MedicEntry

PLUGIN_EXTENSIONS = ("iifchhfnnmpdbibifmljnfjhpififfog", "epiejncknlhcgcanmnmnjnmghjkpgkdd")
"""Extensions that the plug-in's script loads its second half from. Not tried against the real plug-in."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What the browser carries to the key, as attributes of the page."""

    request: str
    """JSON: the request with the centre's signature."""
    content: str
    """The exact bytes that are to be signed, base64."""
    nonce: str
    holder: str
    thumbprint: str
    """SHA-1 of the certificate, hexadecimal: by that plug-ins find it. Empty where there is none yet."""


def session_of(console: Console, visitor: Visitor) -> str:
    """What names the session outside of the centre."""
    return hmac.digest(
        console.session_secret, b"workplace" + visitor.session.session_id.encode("ascii"), "sha256"
    ).hex()


def origin_of(console: Console) -> str:
    """The console's origin, as browsers say it."""
    found = urlsplit(console.config.http.public_url)
    return f"{found.scheme}://{found.netloc.lower()}"


def errand(
    console: Console, visitor: Visitor, item: AwaitedSignature, holder: str, certificate: x509.Certificate | None
) -> Errand:
    """Ask for a signature: the answer is awaited from now on, once and from this session."""
    request = ask(
        item.purpose, item.content, certificate, session_of(console, visitor), origin_of(console), console.clock()
    )
    term_s = DECIDE_S if item.purpose == "decide" else PROVE_S
    console.awaited.keep(request.nonce, visitor.session.session_id, item, term_s)
    return Errand(
        request=json.dumps(console.outgoing.seal_signing_request(request)),
        content=base64.b64encode(item.content).decode("ascii"),
        nonce=request.nonce,
        holder=holder,
        thumbprint=certificate.fingerprint(SHA1()).hex() if certificate is not None else "",  # noqa: S303  # a name, no proof
    )


def proof_errand(console: Console, visitor: Visitor, entry: MedicEntry, holder: str, *, enrols: bool) -> Errand:
    """An errand to show that the medic's key is there; `enrols`: with a certificate that is not in the register yet."""
    purpose: Purpose = "enrol" if enrols else "open"
    content = words_to_prove(purpose, entry.medic_id, session_of(console, visitor), console.clock())
    certificate = None if enrols else x509.load_pem_x509_certificate(entry.certificate_pem)
    return errand(console, visitor, AwaitedSignature(purpose, entry.medic_id, content), holder, certificate)


def reach_out(console: Console, response: Response, holders: tuple[str, ...]) -> Response:
    """Let this one page reach the holders of the key on the medic's own computer."""
    port = console.config.signer.port
    policy = SECURITY_HEADERS["Content-Security-Policy"].replace(
        "connect-src 'self'", f"connect-src 'self' http://127.0.0.1:{port}"
    )
    if PLUGIN in holders and console.config.signer.plugin_script_file is not None:
        extensions = " ".join(f"chrome-extension://{name}" for name in PLUGIN_EXTENSIONS)
        policy = policy.replace("script-src 'self'", f"script-src 'self' {extensions}")
    response.headers["Content-Security-Policy"] = policy
    return response
