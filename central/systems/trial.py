"""A trial of one partner that sends no result: an invented one in its format, and whether it can be reached."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.core.partner_config import PartnerConfig
from central.egress.connecting import Unreached
from central.egress.rules import OPERATORS_OWN, AddressRefused, web_address
from central.egress.web import get
from central.systems.code_translating import Bindings, Unmapped
from central.systems.converting.registry import EXAM_FORMATS
from central.systems.partner_line import headers_of
from central.systems.results import ExamResult, WorkerKey
from central.systems.sent_form import FormField

TERM_S = 5.0
_SAMPLE_REASON = "pressure_high"


@dataclass(frozen=True, slots=True)
class Sample:
    """What would go: text, or what has no mapping."""

    text: str
    is_binary: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """Whether the partner is there. `code`: empty, or what is wrong."""

    code: str
    http_status: int | None = None


def sample_of(
    partner: PartnerConfig, bindings: Bindings, form: Sequence[FormField], generation: str, now: datetime
) -> Sample | None:
    """An invented refusal in the partner's format; None where no results go there."""
    if partner.sends is None:
        return None
    result = ExamResult(
        decision_id="00000000-0000-7000-8000-000000000001",
        exam_id="00000000-0000-7000-8000-000000000002",
        exam_type="pre_shift",
        started_at=now - timedelta(minutes=6),
        finished_at=now - timedelta(minutes=2),
        outcome="not_admitted",
        reason_codes=(_SAMPLE_REASON,),
        corrects=None,
        decided_at=now,
        valid_until=None,
        medic="Образцова Проба Примеровна",
        organisation="Образец",
        waybill_title="",
        worker=WorkerKey("00000000-0000-0000-0000-000000000003", "0000", "0000000000"),
        # Whatever the centre is: nothing of this happened.
        generation="test" if generation == "real" else generation,
    )
    try:
        content = EXAM_FORMATS[partner.sends](result, bindings, form)
    except Unmapped as error:
        return Sample("", missing=error.places)
    if partner.sends.endswith("xlsx"):
        return Sample("", is_binary=True)
    return Sample(content.decode("utf-8-sig"))


def look_at(partner: PartnerConfig) -> Looked:
    """Ask the address, or look whether a file can be put into the folder. Any answer of HTTP but a refused login counts."""
    if partner.folder is not None:
        try:
            with tempfile.TemporaryFile(dir=partner.folder):
                return Looked("")
        except OSError:
            return Looked("folder")
    try:
        address = web_address(partner.url or "", OPERATORS_OWN)
        answer = get(address, headers_of(partner), OPERATORS_OWN, term_s=TERM_S, max_bytes=0)
    except AddressRefused:
        return Looked("wrong_address")
    except Unreached as error:
        return Looked(error.code)
    except OSError:
        return Looked("secret_file")
    return Looked("login" if answer.status in {401, 403} else "", answer.status)
