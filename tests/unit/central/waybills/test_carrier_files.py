"""Files of carriers: what is taken from them, and that each wrong one is refused with its place."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.partners.waybill_files import read_carrier_file
from central.partners.waybill_xml import WaybillFault
from simulators.waybill_carrier import CARRIER_INN, DRIVER, DRIVER_INN, T1_NAME, UID, waybill
from tests.carrier_returns import T5_NAME, came_back


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


INVALID = {
    "no XML": (b"PK\x03\x04", "no_xml", "1:"),
    "cut off": (waybill()[:-20], "no_xml", ":"),
    "another root": (b"<a/>", "not_a_waybill", "a"),
    "another title": (waybill(knd="1110382"), "not_a_waybill", "1110382"),
    "another version": (_changed('ВерсФорм="5.01"', 'ВерсФорм="5.02"'), "version", "5.02"),
    "named otherwise": (waybill(name="ON_PTLSSOBTS_x"), "other_name", "ИдФайл"),
    "no identifier": (_changed(f'УИД_ПЛ="{UID}"', ""), "missing", "СодИнфСоб/@УИД_ПЛ"),
    "no driver": (waybill(drivers=""), "missing", "СодИнфСоб/СвВодит"),
    "a driver without a name": (_changed('Фамилия="Ветров"', ""), "missing", "СвВодит/ФИО/@Фамилия"),
    "a wrong INN of the driver": (_changed(DRIVER_INN, "0077"), "wrong_value", "СвВодит/@ИННФЛ"),
    "no INN of the carrier": (_changed(f'ИННЮЛ="{CARRIER_INN}"', ""), "missing", "СвЮЛУч/@ИННЮЛ"),
    "a day that is none": (waybill(day="31.02.2026"), "wrong_value", "СрокПЛ/@ДатаИспПЛ"),
    "an unknown answer": (waybill(after="3"), "wrong_value", "СодИнфСоб/@ОбМедОсмПосле"),
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
