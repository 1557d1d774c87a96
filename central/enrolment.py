"""How a terminal becomes one of ours: a one-time code, a client certificate, and later renewal and revocation."""

import base64
import binascii
from datetime import timedelta
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, Engine

from central.config import CentralConfig
from central.outgoing import load_signing_key
from central.pki import RESERVED_NAMES, Authority, Issued
from central.store import enrolments, terminals
from central.store.engine import reading, writing
from central.store.metadata import now_utc
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
MAX_FAILURES = 10
_NO_MAC = "0" * 64
RefusalCode = Literal[
    "unknown_code", "expired_code", "used_code", "blocked_code", "wrong_proof", "bad_request", "not_enrolled"
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

    def create_code(self, connection: Connection, terminal_id: str) -> str:
        """A new code for a registered terminal, shown once and never again; earlier unused ones end.

        Raises `LookupError` for an unknown terminal and `ValueError` for one that is revoked or has a reserved name.
        """
        row = terminals.get_terminal(connection, terminal_id)
        if row is None:
            raise LookupError(f"terminal {terminal_id!r} is not registered")
        if row["state"] == "revoked":
            raise ValueError(f"terminal {terminal_id!r} is revoked")
        if terminal_id in RESERVED_NAMES:
            raise ValueError(f"the name {terminal_id!r} is reserved for the centre")
        code = new_code()
        while enrolments.has_code(connection, split_code(code)[0]):
            code = new_code()
        code_id, key = split_code(code)
        now = now_utc()
        enrolments.add_code(connection, code_id, terminal_id, key, now=now, expires_at=now + CODE_VALID)
        return code

    def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        """Redeem a code. Raises `EnrolmentRefused`; a wrong proof is counted, and the code is blocked after ten."""
        with writing(self._engine) as connection:
            refusal = self._check_code(connection, request)
            if refusal is not None and refusal.code == "wrong_proof":
                enrolments.note_failure(connection, request.code_id)
        if refusal is not None:
            raise refusal
        check_possession(request.public_key, request.proof, request.csr_pem)
        with writing(self._engine) as connection:
            code = enrolments.take_code(connection, request.code_id)
            if code is None or code.used_at is not None:
                raise EnrolmentRefused("used_code", "this code was used already")
            issued = self._issue(connection, code.terminal_id, request.csr_pem)
            terminals.set_key(connection, code.terminal_id, request.public_key)
            enrolments.use_code(connection, request.code_id, now=now_utc())
            row = terminals.get_terminal(connection, code.terminal_id)
        mqtt = self._config.mqtt
        answer = EnrolAnswer(
            terminal_id=code.terminal_id,
            org=row["org"] if row else "",
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

    def renew(self, request: RenewRequest) -> RenewAnswer:
        """A new certificate for an enrolled terminal. Raises `EnrolmentRefused`."""
        with reading(self._engine) as connection:
            row = terminals.get_terminal(connection, request.terminal_id)
        if row is None or row["state"] != "enrolled" or row["public_key"] is None:
            raise EnrolmentRefused("not_enrolled", f"terminal {request.terminal_id} is not enrolled, or is revoked")
        check_possession(row["public_key"], request.signature, request.csr_pem)
        with writing(self._engine) as connection:
            issued = self._issue(connection, request.terminal_id, request.csr_pem)
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
                if terminals.get_terminal(connection, terminal_id) is None:
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

    def _check_code(self, connection: Connection, request: EnrolRequest) -> EnrolmentRefused | None:
        code = enrolments.take_code(connection, request.code_id)
        if code is None:
            return EnrolmentRefused("unknown_code", "no such code; compare it with what the centre shows")
        if code.failures >= MAX_FAILURES:
            return EnrolmentRefused("blocked_code", "too many wrong tries; ask the centre for a new code")
        if not mac_is_right(request.model_dump(mode="json"), code.key):
            return EnrolmentRefused("wrong_proof", "the code is wrong; compare it with what the centre shows")
        if code.used_at is not None:
            return EnrolmentRefused("used_code", "this code was used already; ask the centre for a new one")
        if code.expires_at <= now_utc():
            return EnrolmentRefused("expired_code", "this code has expired; ask the centre for a new one")
        return None

    def _issue(self, connection: Connection, terminal_id: str, csr_pem: str) -> Issued:
        try:
            issued = self._authority.issue_terminal(terminal_id, csr_pem.encode("ascii"))
        except ValueError as error:
            raise EnrolmentRefused("bad_request", f"the certificate request cannot be used: {error}") from error
        enrolments.add_certificate(connection, issued.serial, terminal_id, now=now_utc(), not_after=issued.not_after)
        return issued


def check_possession(public_key: str, proof: str, csr_pem: str) -> None:
    """The sender owns the Ed25519 key and made this request with it. Raises `EnrolmentRefused`."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(proof, validate=True), csr_pem.encode("utf-8"))
    except (ValueError, binascii.Error, InvalidSignature) as error:
        raise EnrolmentRefused("bad_request", "the request is not signed with the terminal's own key") from error
