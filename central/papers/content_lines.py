"""The lines of a certificate and of a sobriety protocol as they are printed: from the signed record and the exam. Pure."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from central.papers.written import CLINICAL_SIGNS, signs_counted, words_of
from central.words import exam_view, wording

LANGUAGE = "ru"
NOT_LOOKED = "не осматривали"
TO_SIGN = "дата __________ время _______ подпись ________"
_VITALS = ("temperature", "pressure")

Lines = tuple[tuple[str, str], ...]


def certificate_lines(content: Mapping[str, Any], payload: Mapping[str, Any], zone: tzinfo) -> Lines:
    """What is printed below the person and the exam: a reason, values with attempts and times, purpose, diagnosis, help."""
    help_given = "; ".join(filter(None, (words_of(content, "help"), words_of(content, "help_words"))))
    return (
        ("Причина", words_of(content, "reason")),
        ("Измерения", measured(payload, zone) or "не проводились"),
        ("Что выявлено", words_of(content, "found", "сверх указанного не отмечено")),
        ("Предварительный диагноз", words_of(content, "diagnosis")),
        ("Объём оказанной помощи", help_given),
        ("Цель направления", words_of(content, "purpose")),
        ("Куда направлен", words_of(content, "receiver")),
        ("Справку получил", TO_SIGN),
    )


def measured(
    payload: Mapping[str, Any], zone: tzinfo, steps: tuple[str, ...] = (*_VITALS, "breath", "oximetry")
) -> str:
    """Values of all attempts with their times; failures are named too."""
    parts = []
    for step in exam_view.steps(payload, LANGUAGE, zone):
        if step.step not in steps:
            continue
        for attempt in step.attempts:
            values = ", ".join(f"{value.label} {value.value} {value.unit}".strip() for value in attempt.values)
            parts.append(f"{attempt.at} попытка {attempt.number}: {values or attempt.failure}")
    return "; ".join(parts)


def protocol_lines(
    content: Mapping[str, Any], payload: Mapping[str, Any], head: str, examiner: str, breath: str, zone: tzinfo
) -> Lines:
    """The twelve items. `head`: who is examined; `examiner`: by whom, when and where; `breath`: what is said of the breaths."""

    def said(name: str) -> str:
        return words_of(content, name, NOT_LOOKED)

    count = signs_counted(content)
    signs = words_of(content, "clinical_sign", "не отмечены")
    rate = f"{content['respiration']} в минуту" if "respiration" in content else NOT_LOOKED
    complaints = words_of(content, "complaints") or "; ".join(exam_view.complaint_lines(payload, LANGUAGE)) or "нет"
    witnesses = "; ".join(filter(None, (words_of(content, "witness_first"), words_of(content, "witness_second"))))
    return (
        ("1. Кого освидетельствуют", head),
        ("    Кем, когда и где", examiner),
        ("2. Поведение", said("behaviour")),
        ("3. Жалобы", complaints),
        ("4. Кожные покровы", f"окраска: {said('skin')}; повреждения: {said('injuries')}"),
        (
            "5. Слизистые глаз, зрачки",
            f"слизистые: {said('eyes')}; зрачки: {said('pupils')}; реакция на свет: {said('pupil_reaction')}",
        ),
        (
            "6. Дыхание, пульс, давление",
            f"дыхание: {rate}; {measured(payload, zone, ('pressure',)) or 'давление не измеряли'}",
        ),
        (
            "7. Двигательная сфера",
            f"походка: {said('gait')}; поза Ромберга: {said('romberg')}; пальценосовая проба: {said('finger_nose')}; "
            f"точность движений: {said('accuracy')}; дрожание пальцев: {said('tremor_fingers')}; "
            f"век: {said('tremor_eyelids')}",
        ),
        ("8. Запах изо рта", said("smell")),
        (
            "9. Исследования",
            f"{said('tested')}; а) выдыхаемый воздух: {breath}; б) экспресс-тест мочи: {said('urine')}",
        ),
        ("    Погрешность прибора", words_of(content, "device_error", "не указана")),
        ("    Клинические признаки", f"{count} из {CLINICAL_SIGNS}: {signs}"),
        ("10. Заключение (предварительное)", said("conclusion")),
        ("11. С результатом ознакомлен", f"{said('acknowledged')}; {TO_SIGN}"),
        ("12. Примечания, свидетели", "; ".join(filter(None, (words_of(content, "notes"), witnesses))) or "нет"),
    )


def breath_words(breaths: str, admission: float, examination: float) -> str:
    """What stands beside the table of breaths: the two limits, never mixed, and what is wrong with the interval."""
    limits = (
        f"предел допуска {wording.quantity('breath_alcohol_mg_per_l', admission, LANGUAGE)} мг/л, предел "
        f"медицинского освидетельствования {wording.quantity('breath_alcohol_mg_per_l', examination, LANGUAGE)} мг/л"
    )
    return "; ".join(filter(None, ("пробы – в таблице", limits, breaths.removesuffix("."))))
