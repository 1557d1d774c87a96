"""Files of invented carriers, written from the format alone: waybills (T1), windows-1251."""

DRIVER_INN, CARRIER_INN = "770000000182", "7700000009"
T1_NAME = "ON_PTLSSOBTS_2BM-0000000001_2BM-0000000002_0_20260302_11111111-2222-4333-8444-555555555555"
UID = "550e8400-e29b-41d4-a716-446655440000"


def driver(inn: str, full_name: str) -> str:
    """The element of one driver. `full_name`: surname, given name, patronymic."""
    surname, given, patronymic = full_name.split()
    return (
        f'<СвВодит ИННФЛ="{inn}"><ВодитУд НомВУ="123456" СерВУ="7799" ДатаВыдВУ="15.03.2020"/>'
        f'<ФИО Фамилия="{surname}" Имя="{given}" Отчество="{patronymic}"/></СвВодит>'
    )


DRIVER = driver(DRIVER_INN, "Ветров Степан Ильич")


def waybill(
    name: str = T1_NAME,
    *,
    drivers: str = DRIVER,
    uid: str = UID,
    inn: str = CARRIER_INN,
    day: str = "02.03.2026",
    after: str = "1",
    knd: str = "1110380",
) -> bytes:
    """A T1 of one day, as bytes of windows-1251."""
    return (
        '<?xml version="1.0" encoding="windows-1251"?>\n'
        f'<Файл ИдФайл="{name}" ВерсПрог="Carrier 1" ВерсФорм="5.01">'
        f'<Документ КНД="{knd}" ДатИнфСоб="{day}" ВрИнфСоб="05:40:00" НомерПЛ="ПЛ-17" ДатаПЛ="{day}" ПризнНачРейс="1">'
        f'<СодИнфСоб УИД_ПЛ="{uid}" ОбМедОсмПосле="{after}" ВидПрв="СН" ВидСообщ="Г">'
        f'<СрокПЛ ПЛДень="1" ДатаИспПЛ="{day}"/>'
        f'<СвЛицПЛ ЛицоОфПЛ="С"><ИдСв><СвЮЛУч НаимОрг="ООО «Ромашка-Транс»" ИННЮЛ="{inn}" ОГРН="1027700000009"/></ИдСв>'
        f"</СвЛицПЛ>{drivers}</СодИнфСоб></Документ></Файл>"
    ).encode("windows-1251")
