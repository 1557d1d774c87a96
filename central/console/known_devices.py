"""The cookie by which a browser is known as one on which somebody has logged in before. It opens nothing.

It holds, signed, a random name per account. Wrong passwords of a known browser are counted at its own door
(`central.access.login_gates`), so that nobody can shut a medic out of her usual desk from elsewhere.
"""

import secrets

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from central.console.context import Console

KEPT_S = 180 * 24 * 3600
"""A browser that nobody has used for so long is a stranger again."""
MOST = 20
"""Accounts that one browser remembers: a desk that a shift shares. The one that was away longest is forgotten."""


def devices_of(console: Console, request: Request) -> dict[str, str]:
    """This browser's names by account; none for a cookie that is not ours."""
    try:
        kept = _serializer(console).loads(request.cookies.get(console.device_cookie, ""), max_age=KEPT_S)
    except BadSignature:
        return {}
    return {str(account_id): str(name) for account_id, name in kept}


def remember(console: Console, request: Request, response: Response, account_id: str) -> None:
    """Make this browser known for the account, or keep it so."""
    known = devices_of(console, request)
    own = known.pop(account_id, None) or secrets.token_urlsafe(16)
    kept = [(account_id, own), *known.items()][:MOST]
    response.set_cookie(
        console.device_cookie,
        _serializer(console).dumps(kept),
        max_age=KEPT_S,
        path="/",
        secure=console.secure,
        httponly=True,
        samesite="strict",
    )


def _serializer(console: Console) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(console.session_secret, salt="known device")
