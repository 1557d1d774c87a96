"""Whoever ends an MQTT client, or has its thread begin again, leaves no socket open: the library would."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from dopusk.lab.broker import free_port
from sync import network_thread
from tests.waiting import until

ROOT = Path(__file__).parents[2]
SOURCES = ("central", "dopusk", "simulators", "sync", "terminal", "tests")
THERE = Path("sync/network_thread.py")


def _that_stop_themselves() -> Iterator[str]:
    for package in SOURCES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr == "loop_stop" and name != THERE:
                    yield f"{name}:{node.lineno}"


def test_only_one_place_ends_the_thread_of_a_client() -> None:
    assert list(_that_stop_themselves()) == []


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def client() -> Client:
    """A client that looks for a broker where there is none."""
    made = Client(CallbackAPIVersion.VERSION2)
    made.connect_async("127.0.0.1", free_port())
    return made


def test_an_ended_client_has_no_socket(client: Client) -> None:
    before = _open_files()
    client.loop_start()
    assert _open_files() > before
    network_thread.end(client)
    assert _open_files() == before


def test_a_client_whose_thread_begins_again_keeps_no_socket_of_before(client: Client) -> None:
    before = _open_files()
    client.loop_start()
    assert not network_thread.revive(client)
    client._thread_terminate = True
    assert until(lambda: client._thread is None)
    assert network_thread.revive(client)
    network_thread.end(client)
    assert _open_files() == before
