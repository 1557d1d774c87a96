"""Why a row of an import was refused, in words: every refusal of the checks, in both languages, no English in the Russian."""

import base64
import json
import re
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from central.core.media_files import MediaFiles
from central.exchange.checks import Rules
from central.exchange.intake import Intake
from central.imports.exam_faults import fault_words
from central.imports.exams import RowResult, check_rows, fault_file, import_rows, read_rows
from central.imports.tables import FAULTS, RowFault, fault_table, read_table
from central.store.engine import writing
from central.store.terminals import terminal
from central.words.texts import LANGUAGES, catalogue
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import canonical
from sync.contract.exam import EXAM_SCHEMA
from tests.console_centre import ConsoleCentre

Message = dict[str, Any]
_LATIN = re.compile(r"[A-Za-z_]{2,}")
_NAMES = {"JSON", "terminal_id"}
"""Names of formats and fields."""


def _message(centre: ConsoleCentre, **changes: Any) -> Message:
    _, sealed = centre.terminal.seal(EXAM_SCHEMA, centre.payload(**changes))
    return dict(json.loads(sealed.wire))


def _resigned(centre: ConsoleCentre, message: Message, **envelope: Any) -> Message:
    """The message with other fields, signed anew by its terminal."""
    fields = {name: value for name, value in (message | envelope).items() if name != "signature"}
    signature = base64.b64encode(centre.terminal.key.sign(canonical(fields))).decode()
    return fields | {"signature": signature}


def _line(message: Any, org: str = ORG) -> bytes:
    return json.dumps({"org": org, "message": message}).encode() + b"\n"


def _too_late(centre: ConsoleCentre, message: Message) -> Message:
    ahead = (datetime.now(UTC) + timedelta(days=3)).isoformat().replace("+00:00", "Z")
    return _resigned(centre, message, created_at=ahead)


def _without(centre: ConsoleCentre, message: Message, name: str) -> Message:
    payload = {key: value for key, value in message["payload"].items() if key != name}
    return _resigned(centre, message, payload=payload)


CASES: dict[str, tuple[Callable[[ConsoleCentre, Message], bytes], str, str]] = {
    "no json": (lambda c, m: b"nonsense\n", "malformed", "не запись JSON"),
    "no organisation": (lambda c, m: _line(m, ""), "malformed", "Не указана медорганизация"),
    "a list": (lambda c, m: _line([1]), "malformed", "объектом JSON"),
    "no terminal": (lambda c, m: _line({"a": 1}), "malformed", "нет обозначения терминала"),
    "a slash": (lambda c, m: _line(m | {"terminal_id": "a/b"}), "malformed", "недопустимый знак"),
    "a field less": (
        lambda c, m: _line({k: v for k, v in m.items() if k != "clock"}),
        "malformed",
        "Поле clock: не заполнено.",
    ),
    "changed": (lambda c, m: _line(m | {"seq": m["seq"] + 1}), "wrong_signature", "изменено после подписи"),
    "another terminal": (
        lambda c, m: _line(m | {"terminal_id": "unheard"}),
        "unknown_terminal",
        "Терминал unheard не записан",
    ),
    "another generation": (
        lambda c, m: _line(_resigned(c, m, generation="demo")),
        "wrong_generation",
        "Записи: показ; центр: проверка.",
    ),
    "from tomorrow": (lambda c, m: _line(_too_late(c, m)), "future_dated", "впереди часов центра"),
    "another schema": (lambda c, m: _line(_resigned(c, m, schema="other/1")), "unknown_schema", "«other/1»"),
    "no exam type": (
        lambda c, m: _line(_without(c, m, "exam_type")),
        "invalid_payload",
        "Поле exam_type: не заполнено.",
    ),
}


def _judge(centre: ConsoleCentre, content: bytes, *, for_good: bool) -> RowResult:
    rules = Rules(centre.config.generation, timedelta(days=1))
    rows = list(read_rows(content))
    if for_good:
        (result,) = import_rows(Intake(centre.engine, MediaFiles(centre.config.media_dir), rules), rows)
    else:
        (result,) = check_rows(centre.engine, rules, rows)
    return result


@pytest.mark.parametrize("case", CASES)
def test_each_refusal_says_what_is_wrong_and_where(centre: ConsoleCentre, case: str) -> None:
    make, code, said = CASES[case]
    content = make(centre, _message(centre))
    for for_good in (False, True):
        result = _judge(centre, content, for_good=for_good)
        assert (result.outcome, result.code) == ("refused", code)
        fault, detail = fault_words(result.code, result.facts, "ru")
        assert said in detail
        brought = {part for value in result.facts.values() for part in _LATIN.findall(value)}
        assert set(_LATIN.findall(f"{fault} {detail}")) <= _NAMES | brought
        english = " ".join(fault_words(result.code, result.facts, "en"))
        assert not re.search("[а-яё]", english), english


def test_a_revoked_terminal_and_a_second_content_are_told(centre: ConsoleCentre) -> None:
    message = _message(centre)
    assert _judge(centre, _line(message), for_good=True).outcome == "accepted"
    other = _resigned(centre, message, seq=message["seq"] + 7)
    result = _judge(centre, _line(other), for_good=False)
    assert "содержание в нём другое" in fault_words(result.code, result.facts, "ru")[1]
    with writing(centre.engine) as connection:
        connection.execute(update(terminal).values(state="revoked"))
    result = _judge(centre, _line(message), for_good=False)
    assert fault_words(result.code, result.facts, "ru")[1].startswith("Терминал kiosk-1 отозван")


def test_an_unheard_of_rule_is_named_and_an_unheard_of_code_is_shown() -> None:
    assert fault_words("invalid_payload", {"place": "a.b", "rule": "bytes_type"}, "ru")[1] == (
        "Поле a.b: не по правилам обмена (bytes_type)."
    )
    assert fault_words("newer_code", {}, "ru") == ("newer_code", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_details_ask_for_nothing_that_the_checks_do_not_say(language: str) -> None:
    known = {"size", "most", "place", "rule", "org", "terminal", "signed", "sent", "record", "centre", "seconds"}
    texts = {key: words for key, words in catalogue(language).items() if key.startswith("exam_import.detail.")}
    assert len(texts) > 20
    for key, words in texts.items():
        assert {name for _, name, _, _ in string.Formatter().parse(words) if name} <= known | {"schema"}, key


def test_the_file_of_faults_speaks_the_language_of_whoever_asked(centre: ConsoleCentre) -> None:
    result = _judge(centre, b"nonsense\n", for_good=False)
    for language, said in (("ru", "не запись JSON"), ("en", "no JSON record")):
        line = json.loads(fault_file([result], language, as_workbook=False))
        assert said in line["error"]
        assert line["code"] == "malformed"
        (row,) = read_table(fault_file([result], language, as_workbook=True), ["Ошибка"])
        assert said in row["Ошибка"]


def test_the_file_of_faults_of_a_register_says_them_in_words() -> None:
    made = fault_table(["СНИЛС"], [{"СНИЛС": "1"}], [RowFault("wrong_snils", row=2, column="СНИЛС")], "ru")
    (row,) = read_table(made, ["СНИЛС"])
    assert row[FAULTS] == "СНИЛС: контрольное число СНИЛС не сходится"
