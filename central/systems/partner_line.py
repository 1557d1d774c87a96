"""Hands one result to a partner: posts it, or puts it into a folder. What was not taken says why, and whether later may help."""

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from central.core.partner_config import PartnerConfig
from central.egress.connecting import Unreached
from central.egress.rules import OPERATORS_OWN, AddressRefused, web_address
from central.egress.web import post

TERM_S = 20.0
MAX_ANSWER_BYTES = 64 * 1024
_LATER = frozenset({408, 425, 429})
"""Refusals that say: ask again."""
_SERVER_FAULTS = 500
ENDINGS = {"result-json": "json", "decision-json": "json", "result-csv": "csv", "result-xlsx": "xlsx"}
TYPES = {"json": "application/json", "csv": "text/csv"}


class NotTaken(Exception):
    """The partner has not taken it. `later`: the same may be taken another time, without anybody doing anything here."""

    def __init__(self, code: str, message: str, *, later: bool, http_status: int | None = None) -> None:
        super().__init__(message)
        self.code, self.later, self.http_status = code, later, http_status


@dataclass(frozen=True, slots=True)
class Handed:
    """One thing to be handed over. `key`: the same for each attempt, so that the partner can tell a repetition."""

    key: str
    content: bytes
    format: str


class PartnerLine(Protocol):
    """The way to one partner."""

    def send(self, handed: Handed) -> int | None:
        """Hand it over; returns the HTTP status, if there was one. Raises `NotTaken`."""
        ...


class WebLine:
    """Posts to the partner's address, which the configuration names: it may lead into the organisation's own network."""

    def __init__(self, url: str, headers: dict[str, str], term_s: float = TERM_S) -> None:
        self._url, self._headers, self._term_s = url, headers, term_s

    def send(self, handed: Handed) -> int | None:
        """2xx counts, with no body or one of JSON: a page of a portal or of a proxy is no partner's answer."""
        headers = self._headers | {"Content-Type": TYPES[ENDINGS[handed.format]], "Idempotency-Key": handed.key}
        try:
            address = web_address(self._url, OPERATORS_OWN)
            answer = post(
                address, handed.content, headers, OPERATORS_OWN, term_s=self._term_s, max_bytes=MAX_ANSWER_BYTES
            )
        except AddressRefused as error:
            raise NotTaken("wrong_address", str(error), later=True) from error
        except Unreached as error:
            raise NotTaken(error.code, str(error), later=True) from error
        if not answer.is_success:
            later = answer.status >= _SERVER_FAULTS or answer.status in _LATER or answer.status in {401, 403, 404}
            raise NotTaken("status", f"it answered {answer.status}", later=later, http_status=answer.status)
        if answer.body.strip():
            try:
                json.loads(answer.body)
            except (ValueError, RecursionError) as error:
                raise NotTaken("unreadable", "not JSON", later=True, http_status=answer.status) from error
        return answer.status


class FolderLine:
    """Puts one file for each result into a folder; a file that is there is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, handed: Handed) -> int | None:
        """The same result has the same name: handed over twice, it is there once."""
        target = self._folder / f"{handed.key}.{ENDINGS[handed.format]}"
        half = target.with_suffix(".part")
        try:
            with half.open("wb") as file:
                file.write(handed.content)
                file.flush()
                os.fsync(file.fileno())
            half.replace(target)
        except OSError as error:
            raise NotTaken("folder", type(error).__name__, later=True) from error
        return None


def line_of(config: PartnerConfig) -> PartnerLine:
    """The way to a partner of the configuration. Raises `OSError` for a secret that cannot be read."""
    if config.folder is not None:
        return FolderLine(config.folder)
    return WebLine(config.results_url or config.url or "", headers_of(config))


def headers_of(config: PartnerConfig) -> dict[str, str]:
    """How the centre says who it is: Basic with a login, else a bearer token. Raises `OSError`."""
    if config.secret_file is None:
        return {}
    secret = config.secret_file.read_text("utf-8").strip()
    if config.login is None:
        return {"Authorization": f"Bearer {secret}"}
    pair = base64.b64encode(f"{config.login}:{secret}".encode()).decode("ascii")
    return {"Authorization": f"Basic {pair}"}
