"""Validates a whole file of the electronic waybill: by the schema of its title, and by the rules that schemas keep beside XSD.

A fault names the line, the element and what is wrong with it: `missing`, `unexpected`, `wrong_value`, or `rule` for a piece that
another piece of the file asks for or forbids. Schemas are data of the state's format, with their source in the first lines of each.
"""

import re
from importlib.resources import files
from typing import Any

from central.partners.waybill_xml import WaybillFault

SCHEMAS = {
    "T1": "ON_PTLSSOBTS_1_968_01_05_01_01.xsd",
    "T2": "ON_PTLSPRMO_1_968_02_05_01_01.xsd",
    "T5": "ON_PTLSODPARK_1_968_05_05_01_01.partial.xsd",
    "T6": "ON_PTLSPOSMO_1_968_06_05_01_01.xsd",
}
_SIGNER = (
    ("СвДоверЭл", "boolean(СвДоверЭл) = (@СпосПодтПолном = '3')"),
    ("СвДоверБум", "boolean(СвДоверБум) = (@СпосПодтПолном = '5')"),
)
_RULES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "T1": (
        ("Документ", "@УИДПЛПред", "boolean(@УИДПЛПред) = (@ПризнНачРейс = '2')"),
        ("Документ/СодИнфСоб", "@ВидКП", "boolean(@ВидКП) = (@ВидПрв = 'КП')"),
        ("Документ/СодИнфСоб", "МестОтпр", "not(@ВидКП = 'ПГ') or МестОтпр"),
        ("Документ/СодИнфСоб", "АдрПункт", "not(@ВидКП = 'ПГ') or АдрПункт"),
        ("Документ/СодИнфСоб/СрокПЛ", "@ДатаИспПЛ", "boolean(@ДатаИспПЛ) = (@ПЛДень = '1')"),
        ("Документ/СодИнфСоб/СрокПЛ", "@ДатаНачИспПЛ", "boolean(@ДатаНачИспПЛ) = (@ПЛДень = '2')"),
        ("Документ/СодИнфСоб/СрокПЛ", "@ДатаКонИспПЛ", "boolean(@ДатаКонИспПЛ) = (@ПЛДень = '2')"),
        ("Документ/СодИнфСоб/СвТС/ТС", "@РегНомер", "@РегНомер or @ИнвНомер"),
        (".//СвИнНеУч", "@Стран", "not(@ИдСтат = 'ИО') or @Стран"),
        (".//СвИнНеУч", "@Наим", "not(@ИдСтат = 'ИГ') or @Наим"),
        (".//СвИнНеУч", "@Идентиф", "not(@ИдСтат = 'ИО') or @Наим or @ИныеСвед or @Идентиф"),
        (".//СвИнНеУч", "УдЛичнИГ", "not(@ИдСтат = 'ИГ') or УдЛичнИГ"),
        (".//АдрФИАС", "МуниципРайон", "boolean(МуниципРайон) = not(Регион = '99')"),
        *(("Документ/ПодпИнфСоб", place, test) for place, test in _SIGNER),
    ),
    "T2": tuple(("Документ/ПодпИнфМО", place, test) for place, test in _SIGNER),
    "T5": tuple(("Документ/ПодпИнфЗаезд", place, test) for place, test in _SIGNER),
    "T6": tuple(("Документ/ПодпИнфМО", place, test) for place, test in _SIGNER),
}
"""Where, what is judged, and what must be true there."""
_NAMED = re.compile(r"attribute '([^']+)'")
_KINDS = {
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "missing",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "unexpected",
    "SCHEMAV_ELEMENT_CONTENT": "unexpected",
}
_EXPECTED = re.compile(r"Expected is (?:one of )?\( ([^,) ]+)")


def check_whole(root: Any, title: str) -> None:
    """Raise `WaybillFault` with the first thing that is wrong in a parsed file; `title`: a name of `SCHEMAS`."""
    # Only who reads or makes a waybill waits for the library. A schema of its own each time: it keeps its last errors, and threads
    # read files at once.
    from lxml import etree

    schema = etree.XMLSchema(etree.fromstring(_text_of(title)))
    if not schema.validate(root):
        raise _said(schema.error_log[0])
    for where, place, test in _RULES[title]:
        for element in root.findall(where):
            if not element.xpath(f"boolean({test})"):
                path = root.getroottree().getpath(element).removeprefix("/Файл/")
                raise WaybillFault("rule", f"{element.sourceline}: {path}/{place}")


def _said(error: Any) -> WaybillFault:
    """The library's words are for programmers and repeat values: only the place and the kind of the fault are taken from them."""
    kind, place = _KINDS.get(error.type_name, "wrong_value"), str(error.path or "").removeprefix("/Файл/")
    attribute = _NAMED.search(error.message)
    if attribute is not None:
        place = f"{place}/@{attribute.group(1)}"
    elif "Missing child" in error.message:
        expected = _EXPECTED.search(error.message)
        kind, place = "missing", f"{place}/{expected.group(1)}" if expected is not None else place
    return WaybillFault(kind, f"{error.line}: {place}")


def _text_of(title: str) -> bytes:
    return files("central.partners").joinpath("waybill_schemas", SCHEMAS[title]).read_bytes()
