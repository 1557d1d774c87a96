"""Pages outside of an exam: idle, the offer after a restart, and the service screen."""

from collections.abc import Mapping
from datetime import date

from drivers.messages import DeviceStatus
from drivers.model import DeviceState
from kiosk_ui.texts import Texts
from kiosk_ui.view.model import FactView, PageView, ViewOptions
from kiosk_ui.view.naming import short_name
from kiosk_ui.view.values import minutes_seconds
from terminal.config import VERIFICATION_WARNING
from terminal.snapshot import TerminalSnapshot

MOST_REASON = 60
"""Characters of a reason that the service screen shows; the whole of it is in the log."""
START_REFUSALS = frozenset({"disk_full", "no_roster", "store_damaged", "verification_expired"})


def idle(snapshot: TerminalSnapshot, texts: Texts, options: ViewOptions) -> PageView:
    """The screen that stands when nobody is there. What is not ready is said before anybody starts."""
    service = {"service": texts("common.service")}
    if snapshot.start_refusal:
        code = snapshot.start_refusal
        return PageView(
            screen="idle",
            title=texts("start_refusal.title"),
            text=_refusal(snapshot, texts),
            note=texts("start_refusal.where", room=snapshot.place.medic_room),
            sign="medic",
            state="refused",
            code=texts("trouble.code", code=code),
            buttons=service,
        )
    note, sign = _note(snapshot, texts)
    return PageView(
        screen="idle",
        title=texts(f"exam_type.{options.exam_type}"),
        text=texts("idle.text"),
        note=note,
        sign=sign,
        state="ready",
        lines=(texts("idle.devices"),),
        buttons={"begin": texts("idle.text")} | service,
    )


def _note(snapshot: TerminalSnapshot, texts: Texts) -> tuple[str, str]:
    """One line and its sign: a warning where something is wrong, otherwise a clock or a wrench."""
    if notice := _notice(snapshot, texts):
        return notice, "warning"
    states = {device.state for device in snapshot.devices.values()}
    if not_ready := _not_ready(snapshot.devices, texts):
        return not_ready, "warning" if states & {DeviceState.FAULT, DeviceState.ABSENT} else "clock"
    ending = _verification_ends(snapshot, texts)
    return ending, "wrench" if ending else ""


def _refusal(snapshot: TerminalSnapshot, texts: Texts) -> str:
    code = snapshot.start_refusal
    if code == "verification_expired":
        refused = [snapshot.devices[name] for name in snapshot.refused_devices if name in snapshot.devices]
        return texts(
            "start_refusal.verification_expired", devices=_named(refused, texts) or texts("start_refusal.device")
        )
    return texts(f"start_refusal.{code if code in START_REFUSALS else 'other'}")


def _verification_ends(snapshot: TerminalSnapshot, texts: Texts) -> str:
    """A month before a verification ends, whoever looks after the terminal reads so on the idle screen."""
    today, pattern = snapshot.local_time.date(), texts("format.date")
    ending = [
        texts("idle.verified_until", device=texts(f"device.{device.measures}").lower(), date=until.strftime(pattern))
        for device in snapshot.devices.values()
        if (until := _verified_until(snapshot, device)) is not None and until - today <= VERIFICATION_WARNING
    ]
    return texts("idle.verification_ends", devices=", ".join(ending)) if ending else ""


def _verified_until(snapshot: TerminalSnapshot, device: DeviceStatus) -> date | None:
    known = snapshot.verified_until.get(device.device_id)
    return date.fromisoformat(known) if known else None


def _written(iso: str, texts: Texts) -> str:
    return date.fromisoformat(iso).strftime(texts("format.date"))


def resume(snapshot: TerminalSnapshot, texts: Texts) -> PageView:
    who = texts("resume.who", name=short_name(snapshot.worker.full_name)) if snapshot.worker else texts("resume.nobody")
    return PageView(
        screen="resume",
        title=texts("resume.title"),
        text=texts("resume.text"),
        lines=(who,),
        buttons={"resume_yes": texts("resume.yes"), "resume_no": texts("resume.no")},
    )


def service(snapshot: TerminalSnapshot, texts: Texts, facts: Mapping[str, str]) -> PageView:
    """For the engineer: devices with their state and since when, link, terminal. Works without the centre.

    `facts` are what the composition root can tell beyond the snapshot, by the name of their label (`disk`, ...).
    """
    place = snapshot.place
    clock = texts("service.clock_trusted" if snapshot.now.trusted else "service.clock_untrusted")
    time = snapshot.local_time.strftime(texts("format.moment"))
    known = [
        ("terminal", f"{place.terminal_id} · {place.place}"),
        ("version", f"{place.software_version} · {texts(f'service.generation_{place.generation}')}"),
        ("clock", f"{time} {snapshot.local_time.strftime('%z')} · {clock}"),
        ("link", _link(snapshot, texts)),
        ("waiting", str(snapshot.link.waiting)),
        ("parked", str(snapshot.link.parked)),
        *((name, _in_words(name, value, texts)) for name, value in facts.items()),
    ]
    return PageView(
        screen="service",
        title=texts("service.title"),
        lines=tuple(_device_line(device, snapshot, texts) for _, device in sorted(snapshot.devices.items())),
        facts=tuple(FactView(texts(f"service.fact_{name}"), value) for name, value in known),
        buttons={
            "service_close": texts("common.close"),
            "service_devices": texts("service.devices"),
            "service_terminal": texts("service.terminal"),
        },
    )


def _link(snapshot: TerminalSnapshot, texts: Texts) -> str:
    state = texts("link.short_up" if snapshot.link.connected else "link.short_down")
    reason = texts(f"link_code.{snapshot.link.code}") if snapshot.link.code else _short(snapshot.link.reason)
    return f"{state} · {reason}" if reason else state


def _in_words(name: str, value: str, texts: Texts) -> str:
    """A fact of the composition root, which speaks no language: free gigabytes, the kind of the camera."""
    if name == "disk" and value.endswith(" GB"):
        return texts("service.free_gb", gb=value.removesuffix(" GB").replace(".", texts("format.decimal")))
    key = f"service.{name}_{value}"
    return texts(key) if key in texts.keys() else value  # noqa: SIM118 - Texts is no mapping


def _device_line(device: DeviceStatus, snapshot: TerminalSnapshot, texts: Texts) -> str:
    since = minutes_seconds(snapshot.now.monotonic_s - device.since_monotonic_s)
    parts = [f"{_label(device, snapshot, texts)}: {texts(f'device_state.{device.state}')} {since}"]
    if device.reason:  # what is wrong comes before who made it: a device has two lines of the screen
        return f"{parts[0]} · {texts('service.reason', reason=_reason(device.reason, texts))}"
    if device.identity is not None:
        parts.append(f"{device.identity.maker} {device.identity.model}")
        if device.identity.serial_number:
            parts.append(texts("service.serial", serial=device.identity.serial_number))
    if device.device_id in snapshot.verified_until:
        parts.append(texts("service.fact_verified", date=_written(snapshot.verified_until[device.device_id], texts)))
    return " · ".join(parts)


def _label(device: DeviceStatus, snapshot: TerminalSnapshot, texts: Texts) -> str:
    """What the device is called on the screens; two of a kind are numbered in the order of their ids."""
    label = texts(f"device.{device.measures}")
    alike = sorted(name for name, other in snapshot.devices.items() if other.measures == device.measures)
    if len(alike) < 2:
        return label
    known = next(name for name, other in snapshot.devices.items() if other is device)
    return texts("service.numbered", device=label, number=alike.index(known) + 1)


def _reason(reason: str, texts: Texts) -> str:
    """The driver's reason in words: it begins with a code, and its English is in the log."""
    key = f"device_reason.{reason.partition(':')[0]}"
    return texts(key) if key in texts.keys() else _short(reason)  # noqa: SIM118 - Texts is no mapping


def _short(reason: str) -> str:
    return reason if len(reason) <= MOST_REASON else reason[: MOST_REASON - 1] + "…"


def _notice(snapshot: TerminalSnapshot, texts: Texts) -> str:
    return texts.either(f"notice.{snapshot.notice}", "notice.other") if snapshot.notice else ""


def _not_ready(devices: Mapping[str, DeviceStatus], texts: Texts) -> str:
    broken = [device for device in devices.values() if device.state in (DeviceState.FAULT, DeviceState.ABSENT)]
    if broken:
        return texts("idle.not_ready", devices=_named(broken, texts))
    warming = [device for device in devices.values() if device.state is DeviceState.WARMING]
    return texts("idle.warming", devices=_named(warming, texts)) if warming else ""


def _named(devices: list[DeviceStatus], texts: Texts) -> str:
    return ", ".join(texts(f"device.{device.measures}").lower() for device in devices)
