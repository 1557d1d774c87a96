"""Files of invented carriers, written from the format alone: waybills (T1) and returns to the depot (T5), windows-1251."""

DRIVER_INN, CARRIER_INN = "770000000182", "7700000009"
T1_NAME = "ON_PTLSSOBTS_2BM-0000000001_2BM-0000000002_0_20260302_11111111-2222-4333-8444-555555555555"
T5_NAME = "ON_PTLSODPARK_2BM-0000000001_2BM-0000000002_0_20260302_66666666-2222-4333-8444-555555555555"
UID = "550e8400-e29b-41d4-a716-446655440000"


def driver(inn: str, full_name: str) -> str:
    """The element of one driver. `full_name`: surname, given name, patronymic."""
    surname, given, patronymic = full_name.split()
    return (
        f'<СвВодит ИННФЛ="{inn}"><ВодитУд НомВУ="123456" СерВУ="7799" ДатаВыдВУ="15.03.2020"/>'
        f'<ФИО Фамилия="{surname}" Имя="{given}" Отчество="{patronymic}"/></СвВодит>'
    )


DRIVER = driver(DRIVER_INN, "Ветров Степан Ильич")


def note(name: str, value: str) -> str:
    """A free field of a waybill."""
    return f'<ИнфПол><ТекстИнф Идентиф="{name}" Значение="{value}"/></ИнфПол>'


def signer(end: str) -> str:
    """The element of who signs a file of the carrier. `end`: of its name."""
    return (
        f'<ПодпИнф{end} Должн="диспетчер" ТипПодпис="1" СпосПодтПолном="1">'
        f'<ФИО Фамилия="Диспетчерова" Имя="Анна" Отчество="Павловна"/></ПодпИнф{end}>'
    )


def waybill(
    name: str = T1_NAME,
    *,
    drivers: str = DRIVER,
    uid: str = UID,
    inn: str = CARRIER_INN,
    day: str = "02.03.2026",
    after: str = "1",
    knd: str = "1110380",
    notes: str = "",
) -> bytes:
    """A T1 of one day, as bytes of windows-1251. `notes`: elements ИнфПол."""
    return (
        '<?xml version="1.0" encoding="windows-1251"?>\n'
        f'<Файл ИдФайл="{name}" ВерсПрог="Carrier 1" ВерсФорм="5.01">'
        f'<Документ КНД="{knd}" ДатИнфСоб="{day}" ВрИнфСоб="05:40:00" НомерПЛ="ПЛ-17" ДатаПЛ="{day}" ПризнНачРейс="1">'
        f'<СодИнфСоб УИД_ПЛ="{uid}" ОбМедОсмПосле="{after}" ВидПрв="СН" ВидСообщ="Г">'
        f'<СрокПЛ ПЛДень="1" ДатаИспПЛ="{day}"/>'
        f'<СвЛицПЛ ЛицоОфПЛ="С"><ИдСв><СвЮЛУч НаимОрг="ООО «Ромашка-Транс»" ИННЮЛ="{inn}" ОГРН="1027700000009"/></ИдСв>'
        '<Адрес><АдрИнф КодСтр="643" АдрТекст="г. Примерск, ул. Гаражная, 1"/></Адрес>'
        "<Контакт><Тлф>+7 000 000-00-00</Тлф></Контакт></СвЛицПЛ>"
        '<СвТС><ТС Тип="Автобус" Марка="ПАЗ" Модель="3205" РегНомер="А000АА00"/></СвТС>'
        f"{drivers}{notes}</СодИнфСоб>{signer('Соб')}</Документ></Файл>"
    ).encode("windows-1251")


def came_back(name: str = T5_NAME, *, uid: str = UID, day: str = "02.03.2026") -> bytes:
    """A T5 of a waybill, as bytes of windows-1251."""
    return (
        '<?xml version="1.0" encoding="windows-1251"?>\n'
        f'<Файл ИдФайл="{name}" ВерсПрог="Carrier 1" ВерсФорм="5.01">'
        f'<Документ КНД="1110384" ДатИнфЗаезд="{day}" ВрИнфЗаезд="18:05:00">'
        f'<ИдИнфВыезд ИдФайлИнфВыезд="ON_PTLSODVZD_x" ДатФайлИнфВыезд="{day}" ВрФайлИнфВыезд="06:40:00" ЭП="MIIB"/>'
        f'<СодИнфЗаезд УИД_ПЛ="{uid}" ПризнКонцРейс="1">'
        f'<СвОдомЗаезд ДатВрЗаезд="{day}T18:00:00+03:00" НалКоорТочВрЗаезд="0" ОдомЗаезд="120450"/>'
        '<СвУплЛиц Должн="механик"><ФИО Фамилия="Гайкин" Имя="Пётр"/></СвУплЛиц></СодИнфЗаезд>'
        f"{signer('Заезд')}</Документ></Файл>"
    ).encode("windows-1251")
