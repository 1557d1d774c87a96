"""Makes keys for other programs: the same rules for the page and for the command line. The secret is shown once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from central.core.days import day_of, parse_day, start_of
from central.core.key_scopes import networks_of, scopes_fault
from central.store.api_keys import ApiKey
from sync.contract.canonical import new_id

MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What a new key may do."""

    name: str
    scopes: tuple[str, ...]
    last_day: date | None
    networks: tuple[str, ...]

    def made(self, org: str, employer_id: str | None, by: str, now: datetime) -> tuple[ApiKey, str]:
        """The key and its secret. `employer_id`: None for a key of the organisation; `by`: account, empty for the command line."""
        secret = f"dopusk_{secrets.token_urlsafe(32)}"
        key = ApiKey(
            key_id=new_id(),
            org=org,
            employer_id=employer_id,
            name=self.name,
            secret_sha256=sha256(secret.encode("ascii")).hexdigest(),
            created_at=now,
            created_by=by,
            last_used_at=None,
            revoked_at=None,
            scopes=self.scopes,
            expires_at=start_of(self.last_day + timedelta(days=1)) if self.last_day is not None else None,
            allowed_networks=self.networks,
        )
        return key, secret


def draft_of(
    name: str, scopes: Sequence[str], last_day: str, networks: str, *, of_employer: bool, now: datetime
) -> tuple[KeyRights | None, dict[str, str]]:
    """The rights as typed; or None, and by field (`name`, `scopes`, `last_day`, `networks`) a text under `fault_code`."""
    faults: dict[str, str] = {}
    called = " ".join(name.split())
    if not called or len(called) > MAX_CHARS:
        faults["name"] = "too_long" if called else "needed"
    if fault := scopes_fault(scopes, of_employer=of_employer):
        faults["scopes"] = fault
    day = parse_day(last_day) if last_day else None
    if last_day and (day is None or day.year > day_of(now).year + 50):
        faults["last_day"] = "not_a_day"
    elif day is not None and day < day_of(now):
        faults["last_day"] = "past"
    try:
        allowed = networks_of(networks)
    except ValueError:
        faults["networks"], allowed = "wrong_networks", ()
    if faults:
        return None, faults
    return KeyRights(called, tuple(dict.fromkeys(scopes)), day, allowed), {}
