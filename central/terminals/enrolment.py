"""Enrolment of a terminal: a one-time code, a client certificate, and later renewal and revocation."""

import base64
import binascii
from datetime import timedelta
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, Engine, RowMapping

from central.authority.pki import RESERVED_NAMES, Authority, Issued
from central.core.clock import now_utc
from central.core.config import CentralConfig
from central.link.outgoing import load_signing_key
from central.store import audit, enrolments, terminals
from central.store.engine import hold, reading, writing
from sync.contract.canonical import sha256_hex
from sync.contract.enrolment import (
    EnrolAnswer,
    EnrolRequest,
    RenewAnswer,
    RenewRequest,
    mac_is_right,
    mac_of,
    new_code,
    split_code,
)

CODE_VALID = timedelta(hours=24)
_DAY = timedelta(days=1)
MOST_IN_A_DAY = 2
"""Certificates of one terminal within a day, before it has to wait for a renewal: the first one, and one more."""
_NO_MAC = "0" * 64
_NOBODYS_KEY = bytes(32)
RefusalCode = Literal[
    "expired_code",
    "used_code",
    "wrong_proof",
    "bad_request",
    "not_enrolled",
    "certificate_ended",
    "used_request",
    "too_soon",
]


class EnrolmentRefused(Exception):
    """Why a terminal does not get a certificate, in words for the installer."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class Enrolment:
    """Codes and certificates of one centre."""

    def __init__(self, config: CentralConfig, engine: Engine) -> None:
        self._config = config
        self._engine = engine
        self._authority = Authority(config.keys.authority_dir)
        key = load_signing_key(config.keys.centre_signing_key_file).public_key()
        self._centre_key = base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode("ascii")

    @property
    def failures_per_minute(self) -> int:
        """How many wrong requests of one address are answered within a minute."""
        return self._config.rates.enrol_failures_per_minute

    def create_code(self, connection: Connection, terminal_id: str) -> str:
        """A new code for a registered terminal, shown once and never again; earlier unused ones end.

        Raises `LookupError` for an unknown terminal and `ValueError` for one that is revoked or has a reserved name.
        """
        hold(connection, f"codes of {terminal_id}")
        row = terminals.get_terminal(connection, terminal_id)
        if row is None:
            raise LookupError(f"terminal {terminal_id!r} is not registered")
        if row["state"] == "revoked":
            raise ValueError(f"terminal {terminal_id!r} is revoked")
        if row["state"] in terminals.ROOMS:
            raise ValueError(f"{terminal_id!r} is a medical room and no terminal")
        if terminal_id in RESERVED_NAMES:
            raise ValueError(f"the name {terminal_id!r} is reserved for the centre")
        code = new_code()
        while enrolments.has_code(connection, split_code(code)[0]):
            code = new_code()
        code_id, key = split_code(code)
        now = now_utc()
        enrolments.add_code(connection, code_id, terminal_id, key, now=now, expires_at=now + CODE_VALID)
        return code

    def enrol(self, request: EnrolRequest, address: str = "") -> EnrolAnswer:
        """Redeem a code. Raises `EnrolmentRefused`. `address`: of who asks, for the access log.

        A wrong proof writes nothing and blocks nothing: 80 bits are not found by trying, and whoever tries must not be able to
        keep the honest installer out, nor to fill the log. Whether there is such a code at all is not told either. A code that
        somebody does know and that is used or over is written down: it has come into other hands, or an installer waits.
        """
        with reading(self._engine) as connection:
            found = enrolments.find_code(connection, request.code_id)
        try:
            _check_code(found, request)
        except EnrolmentRefused as refusal:
            if found is not None and refusal.code in {"used_code", "expired_code"}:
                with writing(self._engine) as connection:
                    _note(connection, "terminal.enrol_refused", found.terminal_id, address, {"code": refusal.code})
            raise
        check_possession(request.public_key, request.proof, request.csr_pem)
        with writing(self._engine) as connection:
            code = enrolments.take_code(connection, request.code_id)
            if code is None or code.used_at is not None:
                raise EnrolmentRefused("used_code", "this code was used already")
            row = terminals.take_terminal(connection, code.terminal_id)
            if row is None or row["state"] == "revoked":
                raise EnrolmentRefused("not_enrolled", f"terminal {code.terminal_id} is revoked")
            issued = self._issue(connection, code.terminal_id, request.csr_pem)
            terminals.set_key(connection, code.terminal_id, request.public_key)
            enrolments.use_code(connection, request.code_id, now=now_utc())
            _note(connection, "terminal.enrol", code.terminal_id, address, {"serial": issued.serial})
        mqtt = self._config.mqtt
        answer = EnrolAnswer(
            terminal_id=code.terminal_id,
            org=row["org"],
            generation=self._config.generation,
            certificate_pem=issued.certificate_pem.decode("ascii"),
            ca_pem=self._authority.ca_pem.decode("ascii"),
            mqtt_host=mqtt.public_host or mqtt.host,
            mqtt_port=mqtt.public_port or mqtt.port,
            centre_key=self._centre_key,
            valid_until=issued.not_after,
            mac=_NO_MAC,
        )
        return answer.model_copy(update={"mac": mac_of(answer.model_dump(mode="json"), code.key)})

    def renew(self, request: RenewRequest, address: str = "") -> RenewAnswer:
        """A new certificate for an enrolled terminal whose last one has not ended. Raises `EnrolmentRefused`.

        A request is good once: what somebody has recorded, of an enrolment too, gives nothing. `MOST_IN_A_DAY` bounds what a
        stolen key can make.
        """
        with reading(self._engine) as connection:
            row = terminals.get_terminal(connection, request.terminal_id)
        key = _enrolled_key(row, request.terminal_id)
        check_possession(key, request.signature, request.csr_pem)
        with writing(self._engine) as connection:
            # Once more, and nobody changes it meanwhile: it may have been revoked, or enrolled anew.
            if _enrolled_key(terminals.take_terminal(connection, request.terminal_id), request.terminal_id) != key:
                raise EnrolmentRefused("not_enrolled", f"terminal {request.terminal_id} was enrolled anew")
            now = now_utc()
            self._check_unused(connection, request.csr_pem)
            end = enrolments.newest_end(connection, request.terminal_id)
            if end is None or end <= now:
                raise EnrolmentRefused(
                    "certificate_ended",
                    f"the certificate of {request.terminal_id} has ended; enrol it anew with a code",
                )
            if enrolments.issued_since(connection, request.terminal_id, now - _DAY) >= MOST_IN_A_DAY:
                raise EnrolmentRefused("too_soon", f"{request.terminal_id} got a new certificate today; try tomorrow")
            issued = self._issue(connection, request.terminal_id, request.csr_pem)
            _note(connection, "terminal.renew", request.terminal_id, address, {"serial": issued.serial})
        return RenewAnswer(
            certificate_pem=issued.certificate_pem.decode("ascii"),
            ca_pem=self._authority.ca_pem.decode("ascii"),
            valid_until=issued.not_after,
        )

    def revoke(self, terminal_id: str) -> None:
        """Shut a terminal out: ingest refuses it from now on, the broker once it has read the new list.

        The list comes first, so that a failure in between leaves nobody marked as shut out who is not. It is written once, and
        nobody waits for the store meanwhile.
        """
        while True:
            with reading(self._engine) as connection:
                row = terminals.get_terminal(connection, terminal_id)
                if row is None or row["state"] in terminals.ROOMS:
                    raise LookupError(f"terminal {terminal_id!r} is not registered")
                listed = enrolments.serials(connection, terminal_id)
            self._authority.revoke(*listed)
            with writing(self._engine) as connection:
                terminals.take_terminal(connection, terminal_id)
                if enrolments.serials(connection, terminal_id) <= listed:
                    enrolments.mark_revoked(connection, terminal_id, now=now_utc())
                    terminals.set_state(connection, terminal_id, "revoked")
                    return
            # It got one more certificate meanwhile: once more, with that one.

    def _check_unused(self, connection: Connection, csr_pem: str) -> str:
        """SHA-256 of a request that no certificate was made for. Raises `EnrolmentRefused`."""
        sha256 = sha256_hex(csr_pem.encode("utf-8"))
        if enrolments.is_used(connection, sha256):
            raise EnrolmentRefused("used_request", "this request was used already; make a new one")
        return sha256

    def _issue(self, connection: Connection, terminal_id: str, csr_pem: str) -> Issued:
        sha256 = self._check_unused(connection, csr_pem)
        try:
            issued = self._authority.issue_terminal(terminal_id, csr_pem.encode("ascii"))
        except ValueError as error:
            raise EnrolmentRefused("bad_request", f"the certificate request cannot be used: {error}") from error
        enrolments.add_certificate(
            connection,
            issued.serial,
            terminal_id,
            now=now_utc(),
            not_after=issued.not_after,
            request_sha256=sha256,
        )
        return issued


def _check_code(code: enrolments.Code | None, request: EnrolRequest) -> None:
    # A code that was never given is looked at just as long as one that was, and answered with the same words.
    is_right = mac_is_right(request.model_dump(mode="json"), code.key if code else _NOBODYS_KEY)
    if code is None or not is_right:
        raise EnrolmentRefused("wrong_proof", "the code is wrong; compare it with what the centre shows")
    if code.used_at is not None:
        raise EnrolmentRefused("used_code", "this code was used already; ask the centre for a new one")
    if code.expires_at <= now_utc():
        raise EnrolmentRefused("expired_code", "this code has expired; ask the centre for a new one")


def _note(connection: Connection, action: str, terminal_id: str, address: str, detail: dict[str, str]) -> None:
    row = terminals.get_terminal(connection, terminal_id)
    audit.write(
        connection,
        at=now_utc(),
        account_id=None,
        address=address,
        action=action,
        subject=terminal_id,
        org=str(row["org"]) if row is not None else None,
        detail=detail,
    )


def _enrolled_key(row: RowMapping | None, terminal_id: str) -> str:
    if row is None or row["state"] != "enrolled" or row["public_key"] is None:
        raise EnrolmentRefused("not_enrolled", f"terminal {terminal_id} is not enrolled, or is revoked")
    return str(row["public_key"])


def check_possession(public_key: str, proof: str, csr_pem: str) -> None:
    """The sender owns the Ed25519 key and made this request with it. Raises `EnrolmentRefused`."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(proof, validate=True), csr_pem.encode("utf-8"))
    except (ValueError, binascii.Error, InvalidSignature) as error:
        raise EnrolmentRefused("bad_request", "the request is not signed with the terminal's own key") from error
