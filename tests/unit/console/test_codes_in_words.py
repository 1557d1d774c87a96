"""Every code that an exam can carry to a medic has words, in both languages; what only a newer terminal knows is called a code."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from central.words import exam_view, wording
from central.words.texts import LANGUAGES, catalogue
from drivers import errors
from sync.contract import exam as contract
from sync.contract import room
from sync.contract.film import FilmReport
from terminal.config import TerminalConfig
from terminal.face import framing
from tests.console_centre import Browser, ConsoleCentre

ROOT = Path(__file__).parents[3]


def _literals(model: Any, field: str) -> tuple[str, ...]:
    return get_args(model.model_fields[field].annotation)


def _kinds_of_errors() -> Iterator[str]:
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, errors.DeviceError) and one is not errors.DeviceError:
            yield one.__name__
    yield "InternalError"
    yield "stopped_at_once"


def _written(folder: str, pattern: str) -> set[str]:
    """Codes as they stand in the sources of the terminal."""
    texts = [file.read_text(encoding="utf-8") for file in sorted((ROOT / folder).rglob("*.py"))]
    return {code for text in texts for code in re.findall(pattern, text)}


def _codes() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each code, and the groups of texts that may know it."""
    for model, field, group in (
        (contract.Examinee, "identified_by", "identified_by"),
        (contract.FaceCheck, "outcome", "face"),
        (contract.FaceCheck, "liveness", "face"),
        (contract.Failure, "act", "act"),
        (contract.AppliedLimit, "source", "limit_source"),
        (contract.RuleVerdict, "suggestion", "suggestion"),
        (contract.Measurement, "step", "step"),
        (contract.ExamRecord, "exam_type", "exam_type"),
        (FilmReport, "state", "film"),
    ):
        for code in _literals(model, field):
            yield code, (group,)
    for kind in _kinds_of_errors():
        yield kind, ("failure",)
    faces = _written("terminal", r'FaceCheck\([^)]*reason="(\w+)"')
    faces |= _written("terminal/face", r'(?:BiometricsOff|TemplateUnusable)\(\s*"(\w+)"')
    faces |= _written("terminal", r'"(picture_\w+)"') | _written("terminal/face", r'"unclear", "(\w+)"')
    assert {"no_camera", "no_engine", "no_good_frame", "picture_empty", "frames_differ"} <= faces
    for code in (
        faces
        | set(framing.HINTS)
        | {"not_same", "unclear", "not_compared", "face_not_same", "face_unclear", "several_faces"}
    ):
        yield code, ("finding", "face_reason")
    findings = _written("terminal/exam", r'code="(\w+)"') - {"consent_refused", "not_identified", "person_changed"}
    findings |= _written("sync/contract", r'RuleFinding\([^)]*code="(\w+)"')
    findings |= {"qualitative_only", room.SEEN_CHANGED, room.TYPED_WRONG, room.DRUG_TEST}
    assert {"not_measured", "complaints", "qualitative_only"} <= findings
    for code in findings | {"breath_positive", "above", "below", contract.URGENT_COMPLAINT}:
        yield code, ("finding",)
    for code in _written("terminal", r'blocked_code="(\w+)"') | {"interrupted", "device_trouble", "expired"}:
        yield code, ("end_reason",)
    for code in TerminalConfig.model_fields["exam"].annotation.model_fields["urgent_complaints"].default:  # type: ignore[union-attr]
        yield code, ("complaint",)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    unknown = [
        (code, groups)
        for code, groups in sorted(set(_codes()))
        if wording.words_of(language, code, *groups) == wording.words_of(language, code)
    ]
    assert unknown == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_only_a_newer_terminal_knows_is_called_a_code(language: str) -> None:
    said = wording.words_of(language, "eclipse", "finding")
    assert "eclipse" in said
    assert said != "eclipse"
    assert catalogue(language)["exam.other_code"]


def test_failed_tries_are_told_without_a_code(centre: ConsoleCentre, zoya: Browser) -> None:
    payload = centre.payload()
    at = payload["finished_at"]
    tries = [("DeviceFault", "flow"), ("Cancelled", "cancelled"), ("NoResponse", "no_response"), ("Surprise", "x17")]
    payload["failures"] = [
        {"step": "breath", "attempt": number, "at": at, "device_id": "breathalyzer", "kind": kind, "code": code}
        | {"message": f"said in English {number}", "act": "worker"}
        for number, (kind, code) in enumerate(tries, start=1)
    ]
    shown = zoya.get(f"/exams/{centre.receive(payload)}").text
    words = re.sub(r"<[^>]*>", " ", shown)
    for _, code in tries:
        assert not re.search(rf"(?<![\w-]){code}(?![\w-])", words), code
    assert "said in English" not in words
    for said in ("Прибор не дал значения", "Измерение остановлено", "Прибор не ответил", "Измерение не удалось"):
        assert said in words
    assert 'title="flow: said in English 1"' in shown, "for the engineer"


def test_a_positive_breath_test_is_marked_like_a_value_out_of_limits(centre: ConsoleCentre, zoya: Browser) -> None:
    payload = centre.payload()
    for item in payload["measurements"]:
        if item["step"] == "breath":
            item["values"] = {"breath_test": "fail"}
    exam_id = centre.receive(payload)
    assert exam_view.summary(payload, "ru")["breath_test"].side == "high"
    for path in ("/queue", f"/exams/{exam_id}"):
        assert 'class="out">алкоголь есть' in zoya.get(path).text or '"v out"><b>алкоголь есть' in zoya.get(path).text
