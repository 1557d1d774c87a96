"""The runbook, followed to the letter on a booted Debian: each of its `sh` blocks is run as it stands there.

What a site brings itself is given to the machine beforehand: the names of the broker and of the centre, and the answers that
people type. Nothing else helps.
"""

import re
import secrets
from pathlib import Path

from tests.trials.machine import REPOSITORY, Machine, MachineError
from tests.waiting import until

RUNBOOK = REPOSITORY / "docs" / "runbook.md"
_NAMES = "127.0.0.1 broker.clinic.example centre.clinic.example"
CENTRE = ("mosquitto", "dopusk-centre", "dopusk-ingest@1", "dopusk-revocation.path")
KIOSK = ("dopusk-sync", "dopusk-upkeep.timer")
_LONGEST_S = 60.0


def blocks(section: str, page: Path = RUNBOOK) -> list[str]:
    """The `sh` blocks of a section of the runbook, in order."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(section)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"the runbook has no section {section!r}"
    return re.findall(r"^ *```sh\n(.*?)^ *```$", found[1], re.MULTILINE | re.DOTALL)


def follow_the_runbook() -> str:
    """Install a centre and a kiosk by the runbook; returns what was seen."""
    with Machine() as machine:
        machine.run(f"echo '{_NAMES}' >> /etc/hosts")
        for block in blocks("First installation"):
            machine.run(_with_answers(block))
        for unit in CENTRE:
            _is_up(machine, unit)
        _says(machine, "dopusk-centre", "central serve ready")
        _says(machine, "dopusk-ingest@1", "central ingest ready")
        said = "".join(machine.run(block) for block in blocks("Terminals"))
        code = re.search(r"\b(?:[0-9A-Z]{4,}-){4}[0-9A-Z]{4,}\b", said)
        assert code is not None, said
        for block in blocks("A kiosk"):
            machine.run(
                block.replace("CODE", code[0]).replace("https://centre.clinic.example", "http://127.0.0.1:8080")
            )
        for unit in KIOSK:
            _is_up(machine, unit)
        assert until(lambda: "online" in _terminals(machine), _LONGEST_S), _terminals(machine)
        before = machine.run("sha256sum /etc/mosquitto/certs/crl.pem")
        for block in blocks("A stolen terminal"):
            machine.run(block)
        assert until(lambda: machine.run("sha256sum /etc/mosquitto/certs/crl.pem") != before, _LONGEST_S)
        assert until(lambda: "online" not in _terminals(machine), _LONGEST_S), _terminals(machine)
        failed = machine.run("systemctl --failed --no-legend || true").strip()
        ours = [line for line in failed.splitlines() if "dopusk" in line or "mosquitto" in line]
        assert not ours, failed
        restarts = machine.run(f"systemctl show -p NRestarts --value {' '.join(CENTRE[1:3])} {KIOSK[0]}").split()
        assert set(restarts) <= {"0"}, restarts
        machine.run("runuser -u dopusk -- dopusk verify /var/lib/dopusk/central.db")
        return (
            f"{len(CENTRE) + len(KIOSK)} units up without a restart, a terminal online and shut out, `verify` in order"
        )


def _with_answers(block: str) -> str:
    """A command that asks for a password gets one."""
    password = secrets.token_urlsafe(12)
    return f"set +o pipefail; yes '{password}' | {{ {block}\n }}" if "user add" in block else block


def _terminals(machine: Machine) -> str:
    return machine.run("runuser -u dopusk -- dopusk central terminals list -c /var/lib/dopusk/central.toml")


def _is_up(machine: Machine, unit: str) -> None:
    if not until(lambda: machine.run(f"systemctl is-active {unit} || true").strip() == "active", _LONGEST_S):
        raise MachineError(
            machine.run(f"systemctl status {unit} --no-pager || true; journalctl -u {unit} -n 30 --no-pager")
        )


def _says(machine: Machine, unit: str, words: str) -> None:
    if not until(lambda: words in machine.run(f"journalctl -u {unit} --no-pager"), _LONGEST_S):
        raise MachineError(machine.run(f"journalctl -u {unit} -n 40 --no-pager"))
