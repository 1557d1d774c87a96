"""What the demo's medic writes on certificates and sobriety protocols: codes of the book that ships, invented findings."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine

from central.books.catalogue import shipped
from central.core.config import BREATH_EXAMINATION_MG_PER_L
from central.core.trust import Trust
from central.deciding.paper_signing import PaperSigning, Written
from central.deciding.title_signing import Signatory
from central.papers.breaths import breath_of
from central.papers.written import PAPER_CHOICES, read
from central.signature.provider import SignatureProvider
from central.store import worklist
from central.store.engine import reading

_TYPED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "refusal": {
        "reason": ("reason_complaints",),
        "found": ("Бледен, говорит медленно",),
        "diagnosis": ("Состояние после недосыпания, исключить обострение",),
        "help": ("help_rest",),
        "purpose": ("purpose_examination",),
        "receiver": ("Городская поликлиника № 7, кабинет неотложной помощи",),
    },
    "refusal after alcohol": {
        "reason": ("reason_intoxication",),
        "found": ("Запах алкоголя изо рта, лицо красное",),
        "diagnosis": ("Состояние опьянения под вопросом",),
        "help": ("help_none",),
        "purpose": ("purpose_sobriety",),
        "receiver": ("Наркологический диспансер № 2, кабинет освидетельствования",),
    },
    "sobriety": {
        "behaviour": ("behaviour_inhibited",),
        "skin": ("skin_red",),
        "injuries": ("injuries_none",),
        "eyes": ("eyes_injected",),
        "pupils": ("pupils_normal",),
        "pupil_reaction": ("reaction_live",),
        "respiration": ("18",),
        "gait": ("gait_even",),
        "romberg": ("romberg_steady",),
        "smell": ("smell_alcohol",),
        "tested": ("tested_passed",),
        "device_error": ("±0,02 мг/л",),
        "urine": ("urine_none",),
        "clinical_sign": ("sign_02", "sign_05", "sign_06"),
        "conclusion": ("conclusion_referral",),
        "acknowledged": ("acknowledged_signs",),
    },
}


def write_paper(
    engine: Engine,
    trust: Trust,
    exam_id: str,
    kind: str,
    who: Signatory,
    key: SignatureProvider,
    at: datetime,
    days: int,
) -> None:
    """Sign what has to be written on this paper before it is printed. `days`: term of entries of the federal register."""
    book = shipped(PAPER_CHOICES)
    with reading(engine) as connection:
        exam = worklist.one(connection, exam_id)
    if kind not in _TYPED or exam is None or book is None:
        return
    breath = breath_of(exam.payload, BREATH_EXAMINATION_MG_PER_L)
    is_over = kind == "refusal" and breath.highest is not None and breath.highest > breath.admission
    content, faults = read(kind, _TYPED["refusal after alcohol" if is_over else kind], book.items, breath)
    if faults:
        raise ValueError(f"the demo's paper is not complete: {faults}")
    signing = PaperSigning(engine, trust, lambda: at, days)
    signing.sign(Written(kind, exam_id, exam.decision_id or "", None, content, book.version), who, key)
