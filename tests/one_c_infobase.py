"""A stand-in for an infobase of 1C:ЗУП that publishes its standard OData interface, written from published clients' requests.

`GET /base/odata/standard.odata/<entity>?$format=json&$skip=…&$top=…&$filter=…&$select=…&$orderby=…`, Basic authentication. All
people are invented. Troubles: `hang`, `500`, `cut`, `junk`, `login` (401), `no_value`, `gone` (a row of an earlier page is deleted
after it was read).
"""

import base64
import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

LOGIN, PASSWORD = "odata", "пароль-odata"
_NOBODY = "00000000-0000-0000-0000-000000000000"
_SURNAMES = ("Ясенев", "Липов", "Осинин", "Ольхов", "Рябинин", "Вязов", "Клёнов", "Тополев")
_POSITIONS = ("Водитель", "Слесарь", "Диспетчер")
_DEPARTMENTS = ("Гараж", "Контора")


def _key(kind: int, number: int) -> str:
    return f"{kind:08x}-1c1c-11ee-8000-{number:012x}"


class Infobase:
    """So many people, as catalogues and registers."""

    def __init__(self, people: int = 8) -> None:
        self.entities: dict[str, list[dict[str, Any]]] = _infobase(people)

    def rows(self, entity: str) -> Sequence[dict[str, Any]]:
        """Rows of a catalogue or register."""
        return self.entities[entity]

    def atom(self, entity: str) -> bytes:
        """The same as Atom, which the interface gives without `$format=json`."""
        entries = "".join(
            "<entry><content type='application/xml'><m:properties>"
            + "".join(_property(name, value) for name, value in row.items())
            + "</m:properties></content></entry>"
            for row in self.rows(entity)
        )
        head = (
            "<feed xmlns='http://www.w3.org/2005/Atom' "
            "xmlns:d='http://schemas.microsoft.com/ado/2007/08/dataservices' "
            "xmlns:m='http://schemas.microsoft.com/ado/2007/08/dataservices/metadata'>"
        )
        return f"<?xml version='1.0' encoding='utf-8'?>{head}{entries}</feed>".encode()

    def answer(self, target: str) -> list[dict[str, Any]]:
        """What an address asks for, in the order of the keys."""
        parts = urlsplit(target)
        entity = unquote(parts.path).rpartition("/")[2]
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        rows = sorted(self.entities[entity], key=lambda row: str(row.get("Ref_Key", row.get("Сотрудник_Key"))))
        start = int(query.get("$skip", "0"))
        chosen = rows[start : start + int(query.get("$top", "1000000"))]
        wanted = [name.strip() for name in query.get("$select", "").split(",") if name.strip()]
        return [{name: row[name] for name in wanted if name in row} if wanted else row for row in chosen]


class OneCServer(Infobase):
    """An infobase that is published. `asked`: addresses in the order in which they came."""

    def __init__(self, people: int = 8) -> None:
        super().__init__(people)
        self.troubles: list[str] = []
        self.asked: list[str] = []
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, name="1c-stand-in")

    @property
    def url(self) -> str:
        """The published infobase."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/base"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self
        expected = "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode("ascii")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is told."""

            def do_GET(self) -> None:
                self.close_connection = True
                stand_in.asked.append(unquote(self.path))
                trouble = stand_in.troubles.pop(0) if stand_in.troubles else ""
                if trouble == "hang":
                    stand_in._closing.wait()
                elif trouble == "cut":
                    self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{"value": [{"Ref_')
                elif trouble == "junk":
                    self._say(200, b"<html>\xd0\x92\xd1\x85\xd0\xbe\xd0\xb4")
                elif trouble == "no_value":
                    self._say(200, b'{"odata.error": {"code": "-1"}}')
                elif trouble == "500":
                    self._say(500, b"")
                elif trouble == "login" or self.headers.get("Authorization") != expected:
                    self._say(401, b"")
                else:
                    found = stand_in.answer(self.path)
                    if trouble == "gone":
                        entity = unquote(urlsplit(self.path).path).rpartition("/")[2]
                        del stand_in.entities[entity][:1]
                    self._say(200, json.dumps({"odata.metadata": "…", "value": found}, ensure_ascii=False).encode())

            def _say(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json;charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

        return Handler


def _property(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"<d:{name} m:type='Edm.Boolean'>{'true' if value else 'false'}</d:{name}>"
    return f"<d:{name}>{escape(str(value))}</d:{name}>"


def _infobase(people: int) -> dict[str, list[dict[str, Any]]]:
    positions = [
        {"Ref_Key": _key(3, place), "DeletionMark": False, "Description": name} for place, name in enumerate(_POSITIONS)
    ]
    departments = [
        {"Ref_Key": _key(4, place), "DeletionMark": False, "Description": name}
        for place, name in enumerate(_DEPARTMENTS)
    ]
    staff, persons, current = [], [], []
    for number in range(people):
        name = f"{_SURNAMES[number % len(_SURNAMES)]} Имярек Номерович{'' if number < 8 else f'-{number}'}"
        staff.append(
            {
                "Ref_Key": _key(1, number),
                "DeletionMark": False,
                "IsFolder": False,
                "Code": f"0000-{number:05d}",
                "Description": name,
                "ФизическоеЛицо_Key": _key(2, number),
            }
        )
        persons.append(
            {
                "Ref_Key": _key(2, number),
                "DeletionMark": False,
                "Description": name,
                "ФИО": name,
                "ДатаРождения": f"19{70 + number % 30}-03-1{number % 9}T00:00:00",
                "Пол": "Мужской",
                "СтраховойНомерПФР": "",
                "ИНН": "",
            }
        )
        current.append(
            {
                "Сотрудник_Key": _key(1, number),
                "ТекущаяДолжность_Key": _key(3, number % len(_POSITIONS)),
                "ТекущееПодразделение_Key": _key(4, number % len(_DEPARTMENTS)),
                "ДатаПриема": "2020-02-03T00:00:00",
                "ДатаУвольнения": "0001-01-01T00:00:00",
                "ТекущаяОрганизация_Key": _NOBODY,
            }
        )
    return {
        "Catalog_Сотрудники": staff,
        "Catalog_ФизическиеЛица": persons,
        "InformationRegister_ТекущиеКадровыеДанныеСотрудников": current,
        "Catalog_Должности": positions,
        "Catalog_ПодразделенияОрганизаций": departments,
    }
