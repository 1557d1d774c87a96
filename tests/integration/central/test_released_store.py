"""A store as version 0.2.0 left it (tests/golden/store_0009): brought up to date, it says what it said, and verifies."""

import base64
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine, text

from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.signature.decision import verify_decision
from central.store import decisions, schema
from central.store.engine import open_engine, reading

_LEFT = Path(__file__).parents[2] / "golden" / "store_0009"
_SIGNED = ("exam", "decision", "message", "centre_outbox", "consent", "consent_text", "worker_limit", "audit", "seal")
"""Tables of records: no row and no byte of theirs is another afterwards."""


@pytest.fixture
def released(tmp_path: Path) -> Iterator[Engine]:
    path = tmp_path / "central.db"
    path.write_bytes(gzip.decompress((_LEFT / "central.db.gz").read_bytes()))
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def _rows(engine: Engine) -> dict[str, list[Any]]:
    with reading(engine) as connection:
        found = {}
        for name in _SIGNED:
            columns = [row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({name})")]
            kept = [one for one in columns if one not in {"books"}]
            rows = connection.exec_driver_sql(f"SELECT {', '.join(f'{one}' for one in kept)} FROM {name}")  # noqa: S608
            found[name] = sorted(map(repr, rows.all()))
        return found


def test_a_released_store_keeps_its_records_and_verifies(released: Engine) -> None:
    with pytest.raises(schema.StoreVersionError, match="0009"):
        schema.check(released)
    with reading(released) as connection:
        before = connection.execute(text("SELECT worker_id, personnel_number, full_name, snils_hmac FROM worker")).all()
        ids = connection.execute(text("SELECT exam_id FROM exam ORDER BY exam_id")).scalars().all()
    kept = _rows(released)
    schema.upgrade(released)
    schema.check(released)
    after = _rows(released)
    for name, rows in kept.items():
        assert len(after[name]) == len(rows) > 0, name
        if name != "exam":  # gets columns of later steps
            assert after[name] == rows, name
    with reading(released) as connection:
        assert connection.execute(text("SELECT exam_id FROM exam ORDER BY exam_id")).scalars().all() == ids
        query = "SELECT worker_id, personnel_number, full_name, snils_hmac FROM worker"
        assert sorted(map(repr, connection.execute(text(query)).all())) == sorted(map(repr, before))
        people = "SELECT count(*) FROM worker JOIN person USING (person_id) WHERE worker.full_name = person.full_name"
        assert connection.execute(text(people)).scalar_one() == len(before)
        given = [one for exam_id in ids for one in decisions.of_exam(connection, exam_id)]
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode((_LEFT / "centre_key.txt").read_text(encoding="ascii")))
    report = verify_store(released, Expected(key, None, None))
    assert report.faults == []
    roots = tuple(x509.load_pem_x509_certificates((_LEFT / "ca.pem").read_bytes()))
    lists = (x509.load_pem_x509_crl((_LEFT / "crl.pem").read_bytes()),)
    assert len(given) == 2
    for one in given:
        verify_decision(one.cms, one.record, roots, at=one.decided_at, revocation_lists=lists)
