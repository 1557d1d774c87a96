"""Returns to the depot (T5) of an invented carrier, written by hand."""

from simulators.waybill_carrier import UID

T5_NAME = "ON_PTLSODPARK_2BM-0000000001_2BM-0000000002_0_20260302_66666666-2222-4333-8444-555555555555"


def came_back(name: str = T5_NAME, *, uid: str = UID, day: str = "02.03.2026") -> bytes:
    """A T5 of the same waybill."""
    return (
        '<?xml version="1.0" encoding="windows-1251"?>\n'
        f'<Файл ИдФайл="{name}" ВерсПрог="Carrier 1" ВерсФорм="5.01">'
        f'<Документ КНД="1110384" ДатИнфЗаезд="{day}" ВрИнфЗаезд="18:05:00">'
        f'<СодИнфЗаезд УИД_ПЛ="{uid}" ПризнКонцРейс="1"/></Документ></Файл>'
    ).encode("windows-1251")
