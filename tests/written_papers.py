"""Certificates and sobriety protocols as a medic fills them in, for tests."""

import re
from typing import Any

import httpx

from tests.console_centre import Browser

DIAGNOSIS = "Гипертонический криз под вопросом"
HELP = "Покой сидя, повторное измерение через 20 минут"
CERTIFICATE: dict[str, Any] = {
    "reason": "reason_pressure",
    "found": "Лицо красное",
    "diagnosis": DIAGNOSIS,
    "help": ["help_rest", "help_repeat"],
    "help_words": HELP,
    "purpose": "purpose_incapacity",
    "receiver": "Городская поликлиника № 7",
}
PROTOCOL: dict[str, Any] = {
    "behaviour": ["behaviour_inhibited", "behaviour_distractible"],
    "skin": "skin_red",
    "injuries": "injuries_none",
    "eyes": "eyes_injected",
    "pupils": "pupils_wide",
    "pupil_reaction": "reaction_sluggish",
    "respiration": "18",
    "gait": "gait_shaky",
    "romberg": "romberg_unsteady",
    "finger_nose": "finger_nose_misses",
    "accuracy": "accuracy_inexact",
    "tremor_fingers": "fingers_tremor",
    "tremor_eyelids": "eyelids_tremor",
    "smell": "smell_alcohol",
    "tested": "tested_passed",
    "urine": "urine_none",
    "clinical_sign": ["sign_02", "sign_05", "sign_06", "sign_14"],
    "conclusion": "conclusion_referral",
    "acknowledged": "acknowledged_signs",
}
FORMS = {"refusal": ("certificate", CERTIFICATE), "sobriety": ("protocol", PROTOCOL)}


def write_paper(browser: Browser, exam_id: str, kind: str = "refusal", **changes: Any) -> httpx.Response:
    """Fill in and sign a paper as its page shows it."""
    last, usual = FORMS[kind]
    path = f"/exams/{exam_id}/{last}"
    page = browser.get(path).text
    seen = {
        name: (re.findall(rf'name="{name}" value="([^"]*)"', page) or [""])[0] for name in ("decision_id", "corrects")
    }
    return browser.post(path, usual | seen | changes)
