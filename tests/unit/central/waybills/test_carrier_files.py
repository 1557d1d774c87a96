"""Files of carriers: what is taken from them, and that each wrong one is refused with its place."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.partners.waybill_files import read_carrier_file
from central.partners.waybill_xml import WaybillFault
from simulators.waybill_carrier import CARRIER_INN, DRIVER, DRIVER_INN, T1_NAME, T5_NAME, UID, came_back, note, waybill


def test_a_waybill_names_carrier_driver_and_term():
    found = read_carrier_file(waybill(), f"{T1_NAME}.xml")
    assert (found.kind, found.waybill_uid, found.number, found.carrier_inn) == ("T1", UID, "ПЛ-17", CARRIER_INN)
    assert (found.valid_from, found.valid_until) == (date(2026, 3, 2), date(2026, 3, 2))
    assert found.needs_exam_after
    (driver,) = found.drivers
    assert (driver.name.full, driver.inn) == ("Ветров Степан Ильич", DRIVER_INN)
    assert driver.licence is not None


def test_a_return_names_the_waybill():
    found = read_carrier_file(came_back(), f"{T5_NAME}.xml")
    assert (found.kind, found.waybill_uid, found.made_time) == ("T5", UID, "18:05:00")


def _changed(old: str, new: str) -> bytes:
    text = waybill().decode("cp1251")
    assert old in text
    return text.replace(old, new).encode("cp1251")


def _return_changed(old: str, new: str) -> bytes:
    text = came_back(T1_NAME).decode("cp1251")
    assert old in text
    return text.replace(old, new).encode("cp1251")


INVALID = {
    "no XML": (b"PK\x03\x04", "no_xml", "1:"),
    "cut off": (waybill()[:-20], "no_xml", ":"),
    "another root": (b"<a/>", "not_a_waybill", "a"),
    "another title": (waybill(knd="1110382"), "not_a_waybill", "Документ/@КНД"),
    "another version": (_changed('ВерсФорм="5.01"', 'ВерсФорм="5.02"'), "version", "5.02"),
    "named otherwise": (waybill(name="ON_PTLSSOBTS_x"), "other_name", "2: Файл/@ИдФайл"),
    "no identifier": (_changed(f'УИД_ПЛ="{UID}"', ""), "missing", "2: Документ/СодИнфСоб/@УИД_ПЛ"),
    "an identifier of blanks": (_changed(f'УИД_ПЛ="{UID}"', 'УИД_ПЛ=" "'), "missing", "2: Документ/СодИнфСоб/@УИД_ПЛ"),
    "no driver": (waybill(drivers=""), "missing", "2: Документ/СодИнфСоб/СвВодит"),
    "a driver without a name": (_changed('Фамилия="Ветров"', ""), "missing", "СвВодит/ФИО/@Фамилия"),
    "a second driver without a name": (
        waybill(drivers=DRIVER + DRIVER.replace('Имя="Степан"', "")),
        "missing",
        "СвВодит[2]/ФИО/@Имя",
    ),
    "half a driving licence": (_changed('СерВУ="7799"', ""), "missing", "СвВодит/ВодитУд/@СерВУ"),
    "a wrong INN of the driver": (_changed(DRIVER_INN, "0077"), "wrong_value", "2: Документ/СодИнфСоб/СвВодит/@ИННФЛ"),
    "a day that is none": (_changed('ДатаИспПЛ="02.03.2026"', 'ДатаИспПЛ="31.02.2026"'), "wrong_value", "@ДатаИспПЛ"),
    "29 February": (_changed('ДатаИспПЛ="02.03.2026"', 'ДатаИспПЛ="29.02.2027"'), "wrong_value", "@ДатаИспПЛ"),
    "an ISO day": (_changed('ДатИнфСоб="02.03.2026"', 'ДатИнфСоб="2026-03-02"'), "wrong_value", "Документ/@ДатИнфСоб"),
    "an unknown answer": (waybill(after="3"), "wrong_value", "СодИнфСоб/@ОбМедОсмПосле"),
    "no vehicle": (
        _changed('<СвТС><ТС Тип="Автобус" Марка="ПАЗ" Модель="3205" РегНомер="А000АА00"/></СвТС>', ""),
        "unexpected",
        "СвВодит",
    ),
    "no signer": (_changed('СпосПодтПолном="1"', ""), "missing", "Документ/ПодпИнфСоб/@СпосПодтПолном"),
    "an attribute of nobody": (_changed('ВидПрв="СН"', 'ВидПрв="СН" Допуск="да"'), "unexpected", "СодИнфСоб/@Допуск"),
    "a term of one day without the day": (_changed('ПЛДень="1"', 'ПЛДень="2"'), "rule", "СрокПЛ/@ДатаИспПЛ"),
    "a commercial trip of no kind": (_changed('ВидПрв="СН"', 'ВидПрв="КП"'), "rule", "2: Документ/СодИнфСоб/@ВидКП"),
    "a follow-up of no waybill": (_changed('ПризнНачРейс="1"', 'ПризнНачРейс="2"'), "rule", "Документ/@УИДПЛПред"),
    "a bus without a number": (_changed(' РегНомер="А000АА00"', ""), "rule", "СвТС/ТС/@РегНомер"),
    "a signer whose power is missing": (
        _changed('СпосПодтПолном="1"', 'СпосПодтПолном="3"'),
        "rule",
        "Документ/ПодпИнфСоб/СвДоверЭл",
    ),
    "a return without its waybill": (_return_changed(f' УИД_ПЛ="{UID}"', ""), "missing", "СодИнфЗаезд/@УИД_ПЛ"),
    "a return signed by nobody's hand": (_return_changed("ПодпИнфЗаезд", "Подпись"), "unexpected", "Документ/Подпись"),
    "a return at no hour": (_return_changed("18:05:00", "25:05:00"), "wrong_value", "2: Документ/@ВрИнфЗаезд"),
    "much too long": (b" " * 1_100_000, "too_long", "1100000"),
}


@pytest.mark.parametrize("name", INVALID)
def test_a_waybill_that_is_not_valid_is_refused_with_its_place(name):
    content, code, place = INVALID[name]
    with pytest.raises(WaybillFault) as fault:
        read_carrier_file(content, f"{T1_NAME}.xml")
    assert fault.value.code == code
    assert place in fault.value.detail


def test_an_entity_bomb_and_outside_entities_are_refused():
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;">]>'
    file = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
    for doctype in (bomb, file, "<!DOCTYPE Файл>"):
        text = waybill().decode("cp1251")
        begin, end = text.split("\n", 1)
        with pytest.raises(WaybillFault) as fault:
            read_carrier_file(f"{begin}{doctype}{end}".replace("ПЛ-17", "&amp;b;").encode("cp1251"), f"{T1_NAME}.xml")
        assert fault.value.code in {"doctype", "no_xml"}


def test_a_waybill_may_leave_out_what_its_format_lets_it_leave_out():
    text = waybill().decode("cp1251")
    for left_out in (' НомерПЛ="ПЛ-17"', f' ИННЮЛ="{CARRIER_INN}"', f' ИННФЛ="{DRIVER_INN}"', ' Отчество="Ильич"'):
        assert left_out in text
        text = text.replace(left_out, "", 1)
    found = read_carrier_file(text.encode("cp1251"), f"{T1_NAME}.xml")
    assert (found.number, found.carrier_inn, found.drivers[0].inn) == ("", "", None)


def test_a_return_may_say_more_than_is_known_of_its_format():
    text = came_back().decode("cp1251").replace('ПризнКонцРейс="1"', 'ПризнКонцРейс="1" Новое="1"')
    text = text.replace("</СодИнфЗаезд>", '<ИнфПол ИдФайлИнфПол="x"/></СодИнфЗаезд>')
    assert read_carrier_file(text.encode("cp1251"), f"{T5_NAME}.xml").waybill_uid == UID


def test_free_fields_speak_of_the_driver_where_there_is_one():
    said = note("ТабНомер", "1001") + note("СНИЛС", "112-233-445 95")
    (driver,) = read_carrier_file(waybill(notes=said), f"{T1_NAME}.xml").drivers
    assert (driver.personnel_number, driver.snils) == ("1001", "112-233-445 95")
    two = waybill(drivers=DRIVER + DRIVER.replace("Ветров", "Полянский"), notes=said)
    assert {one.personnel_number for one in read_carrier_file(two, f"{T1_NAME}.xml").drivers} == {None}


def test_two_drivers_are_two():
    found = read_carrier_file(waybill(drivers=DRIVER + DRIVER.replace("Ветров", "Полянский")), f"{T1_NAME}.xml")
    assert [driver.name.surname for driver in found.drivers] == ["Ветров", "Полянский"]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_with_a_word(content):
    with pytest.raises(WaybillFault):
        read_carrier_file(content, "x.xml")


@given(st.integers(0, 700), st.binary(min_size=1, max_size=3))
def test_a_waybill_with_foreign_bytes_is_read_or_refused_with_a_word(place, foreign):
    content = waybill()
    with contextlib.suppress(WaybillFault):
        read_carrier_file(content[:place] + foreign + content[place + len(foreign) :], f"{T1_NAME}.xml")
