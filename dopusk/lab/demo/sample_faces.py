"""Consents and a reference photo for the demonstration: sample texts, invented people, a portrait in the public domain.

The reference photo is a shot of the simulated camera with the same portrait that stands before it later, so a demonstration
shows the way of a photo and what comes of it, and nothing about how well faces are told apart.
"""

from datetime import date

import cv2
from sqlalchemy import Connection, Engine

from central.books.reading import of_program
from central.core.config import CentralConfig
from central.core.media_files import MediaFiles
from central.people.consents import Consents
from central.people.reference_photo import prepared
from central.people.registry import Registry
from central.store.engine import writing
from dopusk.lab.demo.sample_people import ORG, SampleIds
from simulators.camera import DEFAULT_PHOTOS
from simulators.camera_scenes import Room, Stage
from sync.contract.books import CONSENT_TEXT, KIOSK_CONSENT

FACE_NUMBER = "1002"
"""Personnel number of the worker who consents to the comparison."""
LEGAL_BASIS = "Демонстрация: основание называет юрист организации"
TEXT_VERSION = "2026-1"
TEXTS_FROM = date(2026, 1, 1)
AUTHOR = "demo"
_TEXTS = (
    # What the kiosk asks for: the organisation publishes the shipped text as its own.
    ("health_data", next(item.ru for item in of_program(CONSENT_TEXT).items if item.code == KIOSK_CONSENT)),
    ("video", "Образец. Я согласен на видеозапись осмотра и её хранение 30 дней."),
    (
        "biometric_comparison",
        "Образец. Я согласен на сравнение моего лица с моим снимком на терминале. Отказ не мешает пройти осмотр: "
        "тогда меня узнаёт медработник. Согласие можно отозвать, снимок и шаблон на терминалах будут удалены.",
    ),
)


def enter_consents(connection: Connection, registry: Registry, people: SampleIds) -> None:
    """Sample texts, and consents of some people to health data and film; one was withdrawn."""
    consents = Consents(registry)
    for kind, body in _TEXTS:
        consents.add_text(connection, ORG, kind, TEXT_VERSION, body, valid_from=TEXTS_FROM, author=AUTHOR)
    for number, kind in (("1001", "health_data"), ("1001", "video"), ("1003", "health_data"), ("1003", "video")):
        given = _give(connection, consents, people.workers[number], kind)
        if (number, kind) == ("1003", "video"):
            consents.withdraw(
                connection,
                given,
                withdrawn_on=date(2026, 6, 1),
                means="paper",
                basis="заявление 17, личное дело, лист 9",
                author=AUTHOR,
            )


def enter_face(config: CentralConfig, engine: Engine, registry: Registry, people: SampleIds) -> None:
    """One worker consents to the comparison, and her reference photo is there."""
    worker_id = people.workers[FACE_NUMBER]
    sha256 = MediaFiles(config.media_dir).keep(prepared(reference_photo()))
    with writing(engine) as connection:
        registry.set_photo(connection, ORG, worker_id, sha256)
        _give(connection, Consents(registry), worker_id, "biometric_comparison")


def reference_photo() -> bytes:
    """A JPEG of the person of scene `person:eileen` in brighter light, a little later."""
    picture = Stage(DEFAULT_PHOTOS, Room(light=1.08, noise=1.5)).picture("person:eileen", 2.0)
    encoded, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
    if not encoded:
        raise RuntimeError("OpenCV cannot encode JPEG")
    return jpeg.tobytes()


def _give(connection: Connection, consents: Consents, worker_id: str, kind: str) -> str:
    return consents.give(
        connection,
        worker_id,
        kind,
        TEXT_VERSION,
        given_on=date(2026, 2, 2),
        means="paper",
        basis="152-ФЗ, ст. 9 и 11; личное дело, лист 8",
        author=AUTHOR,
    )
