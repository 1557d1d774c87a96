"""Rules of grounds: which effect holds on which day, and that none of them ever decides."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.core.ground_effects import Employment, holds, on_day, public_terms, spans, standing, terms
from central.core.ground_rules import EFFECTS, WHEN, RuleBook, rule_book, rule_faults, shipped_rules
from central.deciding.ground_reasons import GroundEffects, admission_faults
from sync.contract.books import BookItem

TODAY = date(2026, 11, 30)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Row:
    ground_id: str = "g1"
    kind: str = "medical_book"
    vaccine: str = ""
    number: str = ""
    source: str = "ЭЛМК"
    at: date = TODAY - 300 * DAY
    valid_until: date | None = None
    finding: str = "none"
    blocks_remote: bool = False
    state: str = "unconfirmed"
    supersedes: str | None = None


def _item(code: str = "r1", **attrs: Any) -> BookItem:
    given = {
        "kind": "medical_book",
        "when": "needed",
        "effect": "ask",
        "basis": "приказ 1",
        "worker_text": "В медпункт.",
    }
    return BookItem(code=code, ru="Правило", attrs=given | attrs)


def _book(*items: BookItem) -> RuleBook:
    return rule_book("2026-1", items)


def _today(
    rule: BookItem, *rows: Row, day: date = TODAY, employment: Employment | None = None
) -> list[tuple[str, str]]:
    found = spans(_book(rule), standing(rows), employment or Employment())
    return [(span.state, span.effect) for span in on_day(found, day)]


def test_a_needed_document_that_is_missing_is_not_on_record_and_never_overdue() -> None:
    assert _today(_item()) == [("missing", "ask")]
    assert _today(_item(when="over")) == []


def test_a_term_ends_with_its_last_day_and_days_of_grace_only_inform() -> None:
    book = Row(valid_until=TODAY)
    assert _today(_item(), book) == []
    assert _today(_item(), book, day=TODAY + DAY) == [("over", "ask")]
    later = _item(grace_days=3)
    assert _today(later, book, day=TODAY + DAY) == [("over", "inform")]
    assert _today(later, book, day=TODAY + 4 * DAY) == [("over", "ask")]


def test_one_row_that_holds_meets_the_need_whatever_ended_before() -> None:
    over, fresh = Row("a", valid_until=TODAY - DAY), Row("b", source="файл", valid_until=TODAY + 9 * DAY)
    assert _today(_item(), over, fresh) == []
    assert _today(_item(), over, replace(fresh, state="not_confirmed")) == [("over", "ask")]
    assert _today(_item(), replace(fresh, state="not_confirmed")) == [("not_confirmed", "ask")]
    assert _today(_item(), replace(fresh, finding="unfit")) == [("unfit", "ask")]


def test_a_row_without_an_end_holds_for_ever_or_for_the_term_of_the_rule() -> None:
    row = Row(kind="toxicology", at=TODAY - 200 * DAY)
    assert _today(_item(kind="toxicology"), row) == []
    assert _today(_item(kind="toxicology", term_days=183), row) == [("over", "ask")]


def test_an_open_sick_leave_holds_back_until_its_last_day_and_a_short_one_hides_no_long_one() -> None:
    rule = next(item for item in shipped_rules().items if item.code == "open_sick_leave")
    long = Row("a", "sick_leave", number="910001", at=TODAY - 5 * DAY, valid_until=TODAY + 5 * DAY)
    short = Row("b", "sick_leave", number="910002", at=TODAY - 2 * DAY, valid_until=TODAY - DAY)
    assert _today(rule, long, short) == [("in_force", "in_person")]
    assert _today(rule, long, short, day=TODAY + 6 * DAY) == []
    closed = replace(long, ground_id="c", at=TODAY - 4 * DAY, valid_until=TODAY - DAY)
    assert _today(rule, long, closed) == [], "the newest row of one number holds"


def test_a_superseded_row_has_no_effect() -> None:
    unfit = Row("a", "periodic", finding="unfit")
    rule = _item(kind="", when="unfit")
    assert _today(rule, unfit) == [("unfit", "ask")]
    assert _today(rule, unfit, Row("b", "periodic", source="файл", finding="fit")) == [("unfit", "ask")]
    assert _today(rule, unfit, Row("b", "periodic", source="файл", finding="fit", supersedes="a")) == []


def test_two_registers_that_contradict_each_other_are_told() -> None:
    rule = _item(kind="", when="contradiction")
    unfit, fit = Row("a", "periodic", finding="unfit"), Row("b", "periodic", source="файл", finding="fit")
    assert _today(rule, unfit, fit) == [("contradiction", "ask")]
    assert _today(rule, unfit, replace(fit, kind="psychiatric")) == []
    assert _today(rule, replace(unfit, valid_until=TODAY - DAY), fit) == []


@pytest.mark.parametrize(
    ("attrs", "employment", "found"),
    [
        ({"okved": ["49"]}, Employment(okved="49.41"), [("missing", "ask")]),
        ({"okved": ["49"]}, Employment(okved="49"), [("missing", "ask")]),
        ({"okved": ["4"]}, Employment(okved="49.41"), []),
        ({"okved": ["49"]}, Employment(okved="56.10"), []),
        ({"okved": ["49"]}, Employment(), [("scope_unknown", "ask")]),
        ({"okved": ["49"], "effect": "in_person"}, Employment(), [("scope_unknown", "ask")]),
        ({"okved": ["49"], "effect": "inform"}, Employment(), [("scope_unknown", "inform")]),
        ({"when": "from a newer program"}, Employment(), [("scope_unknown", "ask")]),
        ({"effect": "from a newer program"}, Employment(), [("missing", "ask")]),
        ({"positions": ["11442"]}, Employment(position_code="11442"), [("missing", "ask")]),
        ({"harm_factors": ["4"]}, Employment(harm_factors=("1.2", "4.3")), [("missing", "ask")]),
        ({"employers_inn": ["7701234567"]}, Employment(employer_inn="7701234568"), []),
        ({"okved": ["49"], "positions": ["11442"]}, Employment(okved="56"), []),
    ],
)
def test_a_rule_is_about_whom_it_names_and_an_empty_entry_is_said(
    attrs: dict[str, Any], employment: Employment, found: list[tuple[str, str]]
) -> None:
    assert _today(_item(**attrs), employment=employment) == found


def test_vaccinations_are_told_apart_by_what_they_are_against() -> None:
    flu = Row("a", "vaccination", "influenza", valid_until=TODAY - DAY)
    measles = Row("b", "vaccination", "measles", at=TODAY - 10 * DAY)
    assert _today(_item(kind="vaccination", vaccine="influenza"), flu, measles) == [("over", "ask")]
    assert _today(_item(kind="vaccination", vaccine="measles"), flu, measles) == []


def test_what_holds_a_worker_back_later_is_known_today() -> None:
    found = spans(_book(_item(effect="in_person")), standing([Row(valid_until=TODAY + 3 * DAY)]), Employment())
    assert [(span.since, span.until) for span in holds(found, TODAY)] == [(TODAY + 4 * DAY, None)]
    ended = spans(_book(_item(when="in_force", effect="in_person")), [Row(valid_until=TODAY - DAY)], Employment())
    assert holds(ended, TODAY) == []


def test_terms_are_called_by_their_name_in_public() -> None:
    book = _book(_item(), _item("r2", effect="inform", warn_days=60), _item("r3", kind="psychiatric"))
    rows = standing([Row(valid_until=TODAY + 40 * DAY), Row("p", "psychiatric", valid_until=TODAY)])
    found = public_terms(terms(book, rows, Employment()), {"medical_book": "Медкнижка"}, TODAY)
    assert found == [
        ("", TODAY - 30 * DAY, TODAY),
        ("Медкнижка", TODAY - 20 * DAY, TODAY + 40 * DAY),
    ]


@pytest.mark.parametrize(
    ("item", "field", "fault"),
    [
        (_item(basis=""), "basis", "needed"),
        (_item(effect=""), "effect", "needed"),
        (_item(when=""), "when", "needed"),
        (_item(kind=""), "kind", "needed"),
        (_item(effect="in_person", worker_text=""), "worker_text", "needed"),
        (_item(effect="not_allowed", worker_text="х" * 121), "worker_text", "too_long"),
        (_item(vaccine="influenza"), "vaccine", "not_this_kind"),
        (_item(okved=["H"]), "okved", "not_a_class"),
    ],
)
def test_a_rule_that_nobody_could_stand_behind_is_refused(item: BookItem, field: str, fault: str) -> None:
    assert [(one.field, one.fault) for one in rule_faults([item])] == [(field, fault)]


def test_the_shipped_rules_have_no_faults() -> None:
    assert rule_faults(shipped_rules().items) == []


_DAYS = st.dates(TODAY - 900 * DAY, TODAY + 900 * DAY)
_ROWS = st.lists(
    st.builds(
        Row,
        ground_id=st.uuids().map(str),
        kind=st.sampled_from(["medical_book", "periodic", "sick_leave", "toxicology"]),
        source=st.sampled_from(["а", "б"]),
        number=st.sampled_from(["", "1"]),
        at=_DAYS,
        valid_until=st.none() | _DAYS,
        finding=st.sampled_from(["none", "fit", "restricted", "unfit"]),
        blocks_remote=st.booleans(),
        state=st.sampled_from(["unconfirmed", "confirmed", "not_confirmed"]),
    ),
    max_size=6,
)
_RULES = st.lists(
    st.builds(
        lambda code, kind, when, effect, grace, term: _item(
            code, kind=kind, when=when, effect=effect, grace_days=grace, term_days=term
        ),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["medical_book", "periodic", "sick_leave", "toxicology"]),
        st.sampled_from(WHEN),
        st.sampled_from(EFFECTS),
        st.integers(0, 20),
        st.integers(0, 400),
    ),
    max_size=4,
    unique_by=lambda item: item.code,
)


@given(_RULES, _ROWS, st.sampled_from(["pre_shift", "post_shift"]), st.booleans())
def test_no_effect_of_any_rule_ever_decides(
    rules: list[BookItem], rows: list[Row], exam_type: str, in_person: bool
) -> None:
    """All that a rule can bring about is that an admission is not signed yet: a reason is asked, or the room is named."""
    found = on_day(spans(_book(*rules), standing(rows), Employment()), TODAY)
    exam = {"exam_type": exam_type, "room": {"examined_by": "zoya"} if in_person else None}
    faults = admission_faults(GroundEffects("1", tuple(found)), exam, {})
    assert faults in ({}, {"ground_reasons": "needed"}, {"outcome": "in_person"})
    told = {span.key: "осмотрела, допускаю" for span in found}
    faults = admission_faults(GroundEffects("1", tuple(found)), exam, told)
    assert faults in ({}, {"outcome": "in_person"})
    if exam_type == "post_shift" or in_person:
        assert faults == {}, "with a reason a medic may always admit, but for an exam at a terminal"


@given(_RULES, _ROWS, _DAYS)
def test_the_terminal_alone_comes_to_what_the_centre_does(rules: list[BookItem], rows: list[Row], day: date) -> None:
    """What is sent today is judged by days alone: on no later day does a terminal let through whom the centre would hold."""
    found = spans(_book(*rules), standing(rows), Employment())
    sent = holds(found, TODAY)
    if day >= TODAY:
        held = {span.key for span in on_day(found, day) if span.effect in {"in_person", "not_allowed"}}
        assert {span.key for span in sent if span.holds_on(day)} == held
