"""Titles of the medic: their bytes, their schema, and what is refused before anybody signs it."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.partners.medic_titles import (
    Licence,
    Power,
    TitleFacts,
    TitleSettings,
    check_title,
    make_title,
)
from central.partners.waybill_files import CarrierFile, Driver, DrivingLicence, PersonName, read_carrier_file
from central.partners.waybill_xml import WaybillFault
from simulators.waybill_carrier import DRIVER_INN, T1_NAME, T5_NAME, came_back, waybill

GOLDEN = Path("tests/golden/waybills")
MOSCOW = timezone(timedelta(hours=3))
SETTINGS = TitleSettings(
    exam_kind="2",
    utc_coordination="0",
    file_name="{prefix}_{recipient}_{sender}_{date}_{uuid}",
    authority="1",
    sender="2BM-7700000001",
    recipient="2BM-7700000002",
    licence=Licence("Л041", "00000-00/00000000", date(2024, 2, 1), date(2099, 12, 31)),
)
POWER = Power("0" * 36, date(2026, 1, 12), "https://powers.example.com")


def facts(**changes) -> TitleFacts:
    return replace(
        TitleFacts(
            title="T2",
            answers=read_carrier_file(waybill(), f"{T1_NAME}.xml"),
            answers_signature=b"\x30\x82 signature of the carrier",
            driver=Driver(
                PersonName("Ветров", "Степан", "Ильич"), DRIVER_INN, DrivingLicence("123456", "7799", "15.03.2020")
            ),
            exam_at=datetime(2026, 3, 2, 6, 10, 2, 700_000, MOSCOW),
            made_at=datetime(2026, 3, 2, 6, 12, 31, tzinfo=MOSCOW),
            medic=PersonName("Луговая", "Зоя", "Марковна"),
            position="фельдшер",
            organisation="Медпункт «Заря»",
            power=None,
            settings=SETTINGS,
            uuid="0D5A3C55-1111-4222-8333-0123456789AB",
        ),
        **changes,
    )


def after_trip() -> TitleFacts:
    return facts(title="T6", answers=read_carrier_file(came_back(), f"{T5_NAME}.xml"))


def own_medic() -> TitleFacts:
    return facts(settings=replace(SETTINGS, medic_of="carrier"), uuid="0D5A3C55-1111-4222-8333-0123456789AC")


@pytest.mark.parametrize("made", [facts, after_trip, own_medic])
def test_the_bytes_of_a_title_are_the_golden_ones(made):
    title = make_title(made())
    assert title.content == (GOLDEN / f"{title.file_id}.xml").read_bytes()


def test_a_title_is_windows_1251_and_named_as_its_file():
    title = make_title(facts())
    assert title.content.startswith(b'<?xml version="1.0" encoding="windows-1251"?>\n')
    assert "допущен" in title.content.decode("windows-1251")
    assert f'ИдФайл="{title.file_id}"' in title.content.decode("windows-1251")
    check_title(title.content, "T2", title.file_id)
    with pytest.raises(WaybillFault, match="other_name"):
        check_title(title.content, "T2", "another")


def test_no_word_but_admitted_is_valid():
    """The format has no refusal: a title with another word is invalid, whoever writes it."""
    title = make_title(facts())
    forged = title.content.replace("обязанностей допущен".encode("cp1251"), "обязанностей НЕ допущен".encode("cp1251"))
    with pytest.raises(WaybillFault, match="schema"):
        check_title(forged, "T2", title.file_id)


def test_a_power_of_attorney_stands_in_a_title_if_and_only_if_the_way_asks_for_it():
    with_power = facts(settings=replace(SETTINGS, authority="3"), power=POWER)
    assert "СвДоверЭл".encode("cp1251") in make_title(with_power).content
    assert "СвДоверЭл".encode("cp1251") not in make_title(facts(power=POWER)).content
    with pytest.raises(WaybillFault, match="power"):
        make_title(facts(settings=replace(SETTINGS, authority="3")))
    title = make_title(with_power)
    one = title.content.replace('СпосПодтПолном="3"'.encode("cp1251"), 'СпосПодтПолном="1"'.encode("cp1251"))
    with pytest.raises(WaybillFault, match="power: 2: Документ/ПодпИнфМО/СвДоверЭл"):
        check_title(one, "T2", title.file_id)


def test_a_medic_of_the_carriers_own_staff_stands_without_an_organisation():
    text = make_title(own_medic()).content.decode("windows-1251")
    assert '<СвМедРаб Должн="фельдшер"><ФИО Фамилия="Луговая"' in text
    assert "СвМедОрг" not in text


@pytest.mark.parametrize("letter", ["😀", "ქ", "\x98", "\x07", "\n"])
def test_letters_outside_windows_1251_are_refused_with_their_place(letter):
    with pytest.raises(WaybillFault) as fault:
        make_title(facts(medic=PersonName(f"Луг{letter}вая", "Зоя")))
    assert fault.value.code == "letters"
    assert fault.value.detail.startswith("ФИО/@Фамилия: U+")


def test_a_disputed_code_is_what_the_settings_say():
    other = facts(settings=replace(SETTINGS, exam_kind="1", utc_coordination="1"))
    text = make_title(other).content.decode("windows-1251")
    assert 'ВидМО="1"' in text
    assert 'НалКоорТочВрПрМО="1"' in text
    with pytest.raises(WaybillFault, match="schema"):
        make_title(facts(settings=replace(SETTINGS, exam_kind="3")))


@pytest.mark.parametrize("template", ["../{uuid}", ".{uuid}", "{uuid}/x", "{uuid}" * 8, "титул_{uuid}"])
def test_a_file_name_leads_nowhere_else(template):
    with pytest.raises(WaybillFault, match="file_name"):
        make_title(facts(settings=replace(SETTINGS, file_name=template)))


_letters = st.text(
    st.characters(codec="cp1251", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\x98"),
    min_size=1,
    max_size=60,
).filter(str.strip)


@given(surname=_letters, given_name=_letters, organisation=_letters, signature=st.binary(min_size=1, max_size=300))
def test_every_name_of_windows_1251_makes_a_valid_title(surname, given_name, organisation, signature):
    """`make_title` validates what it has made: no name can break out of its attribute."""
    made = facts(
        driver=Driver(PersonName(surname, given_name), None, None),
        organisation=organisation,
        answers_signature=signature,
    )
    title = make_title(made)
    assert make_title(made) == title
    assert "НЕ допущен" not in title.content.decode("cp1251") or "НЕ допущен" in surname + given_name + organisation


def test_a_file_without_the_driving_licence_makes_a_title_without_it():
    bare = CarrierFile("T1", T1_NAME, "02.03.2026", "05:40:00", "uid")
    text = make_title(facts(answers=bare, driver=Driver(PersonName("Ветров", "Степан"), None, None))).content
    assert "ВодитУд".encode("cp1251") not in text
    assert 'Отчество=""'.encode("cp1251") not in text
