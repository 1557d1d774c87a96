"""Quality ledger of a driver: what is done, what is to do, what is exempt and why.

A device file `drivers/devices/<name>.toml` (or the table `[ledger]` of a register profile) holds one table `[rules]`
with one line per rule of `RULES`: `"done"`, `"todo: what is missing"` or `"exempt: why"`. A driver with a `todo` may be
tried on the bench and is refused in production.
"""

from collections.abc import Mapping

from drivers.config import ConfigError

RULES = (
    "golden_frames",
    "capture_from_real_unit",
    "byte_splits",
    "noise",
    "every_fault_code",
    "late_result",
    "unplug_midway",
    "cancel_midway",
    "identify_before_use",
    "timeouts_explicit",
    "docs_page",
    "simulator",
)


def check_ledger(place: str, content: Mapping[str, object]) -> dict[str, str]:
    """Return the rules of a ledger as parsed from TOML. Raises `ConfigError` with every fault of it."""
    rules = content.get("rules")
    if not isinstance(rules, Mapping):
        raise ConfigError(place, ["rules: the table [rules] is missing"])
    faults = [f"rules.{name}: unknown rule" for name in rules if name not in RULES]
    faults += [f"rules.{name}: missing" for name in RULES if name not in rules]
    faults += [f"{key}: only the table [rules] is expected" for key in content if key != "rules"]
    for name, verdict in rules.items():
        if not isinstance(verdict, str) or not _is_verdict(verdict):
            faults.append(f"rules.{name}: must be 'done', 'todo: what is missing' or 'exempt: why'")
    if faults:
        raise ConfigError(place, faults)
    return {name: str(rules[name]) for name in RULES}


def todos(ledger: Mapping[str, str]) -> list[str]:
    """Names of the rules that are still to do."""
    return [name for name, verdict in ledger.items() if verdict.startswith("todo:")]


def _is_verdict(verdict: str) -> bool:
    word, colon, reason = verdict.partition(":")
    return verdict == "done" or (word in ("todo", "exempt") and bool(colon) and bool(reason.strip()))
