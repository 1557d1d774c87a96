"""A client that a program makes from our OpenAPI document, in an environment of its own, against a running console."""

import json
import subprocess
import tempfile
from pathlib import Path

import httpx
import pytest

from central.core.key_scopes import SCOPES
from tests.console_centre import build_centre_with_zoya, cheap_hashes, key_of_program, serving

_GENERATOR = "openapi-python-client==0.29.1"
_USE = """
import sys
sys.path.insert(0, ".")
from made import AuthenticatedClient
from made.api.default import get_worker, list_admissions, put_worker
from made.models import WorkerEntry

address, token, employer = sys.argv[1:]
with AuthenticatedClient(base_url=f"{address}/api/v1", token=token) as client:
    entry = WorkerEntry(personnel_number="7001", full_name="Рябинин Гордей Саввич", position="водитель", remote_allowed=True)
    made = put_worker.sync(external_id="7f3a", client=client, body=entry, employer_id=employer)
    assert made.code == "created", made
    assert get_worker.sync(external_id="7f3a", client=client, employer_id=employer).full_name == entry.full_name
    states = list_admissions.sync(client=client, employer_id=employer).workers
    assert not any(one.may_work for one in states)
    print(len(states))
"""


def use_a_generated_client() -> str:
    """Make it, call with it, and return what was seen. A call that the generator left out is a fault of the document."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as monkeypatch:
        folder = Path(name)
        subprocess.run(["python3", "-m", "venv", folder / "venv"], check=True)
        programs = folder / "venv" / "bin"
        subprocess.run([programs / "pip", "install", "-q", _GENERATOR], check=True, capture_output=True)
        cheap_hashes(monkeypatch)
        centre = build_centre_with_zoya(folder / "centre")
        with serving(centre.app(), centre.config.http.port) as address:
            document = httpx.get(f"{address}/api/v1/openapi.json").json()
            (folder / "document.json").write_text(json.dumps(document), encoding="utf-8")
            made = subprocess.run(
                [programs / "openapi-python-client", "generate", "--path", "document.json", "--meta", "none", "--output-path",
                 "made"],
                cwd=folder, capture_output=True, text=True, check=True,
            )  # fmt: skip
            assert "WARNING" not in made.stdout + made.stderr, made.stdout + made.stderr
            calls = sum(len(methods) for methods in document["paths"].values())
            functions = len(
                [one for one in (folder / "made" / "api" / "default").glob("*.py") if one.name != "__init__.py"]
            )
            assert functions == calls, (functions, calls)
            secret = key_of_program(centre, None, SCOPES)
            done = subprocess.run(
                [programs / "python", "-c", _USE, address, secret, centre.people.employers[0]],
                cwd=folder, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
        centre.engine.dispose()
    return f"{functions} calls made by {_GENERATOR}, three used; {done.stdout.strip()} workers seen"
