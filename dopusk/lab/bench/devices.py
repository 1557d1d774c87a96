"""Benchmarks of the drivers, as ratios: codecs against their lines, idle and streaming devices, result to message, fuzzing.

Every function returns plain values for `bench.json`. Simulated devices run in a process of their own, so that their
processor time is not counted as ours.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dopusk.lab.bench.fuzz import Fuzzed, GoldenFrame, fuzz
from drivers.config import DeviceConfig
from drivers.messages import DeviceMessage, MeasurementFailed, MeasurementProgress, MeasurementTaken
from drivers.model import DeviceState, Measures
from drivers.park import Park, open_park
from drivers.registry import complete_options, driver

EIGHT = (
    "and_tm2655", "omron_hbp9030", "nonin", "contec_v7", "dingo_e200", "winsen_ze29a", "calex_pyrominibus", "lu90614",
)  # fmt: skip
STREAMING = ("contec_v7",) * 8
_BITS_PER_BYTE = 10
_CHUNK = 64


def codec_speed(frames: Sequence[GoldenFrame], seconds: float = 0.3) -> dict[str, dict[str, float]]:
    """Bytes per second through each codec, and how many times that is what its line can carry."""
    rates: dict[str, dict[str, float]] = {}
    for golden in frames:
        if not golden.is_result or golden.driver in rates:
            continue
        spec = driver(golden.driver)
        options, _ = complete_options(spec, golden.options)
        stream = golden.data * (4096 // len(golden.data) + 1)
        codec = spec.make_codec(options)
        fed = 0
        began_s = time.perf_counter()
        while (spent_s := time.perf_counter() - began_s) < seconds:
            for at in range(0, len(stream), _CHUNK):
                codec.feed(stream[at : at + _CHUNK])
            fed += len(stream)
        line_rate = spec.line.baudrate / _BITS_PER_BYTE
        rates[golden.driver] = {
            "bytes_per_s": fed / spent_s,
            "line_bytes_per_s": line_rate,
            "times_the_line": fed / spent_s / line_rate,
        }
    return rates


def processor_share(seconds: float = 5.0) -> dict[str, float]:
    """Share of one core that this process spends on eight idle devices, and on eight that stream 60 frames a second."""
    with _simulated(EIGHT) as ports:
        idle = _share(EIGHT, ports, seconds, measuring=False)
    with _simulated(STREAMING) as ports:
        streaming = _share(STREAMING, ports, seconds, measuring=True)
    return {"eight_idle": idle, "eight_streaming": streaming}


def _share(names: Sequence[str], ports: Sequence[str], seconds: float, *, measuring: bool) -> float:
    configs = [
        DeviceConfig(
            id=f"device_{number}",
            driver=name,
            measures=driver(name).measures[0],
            port=port,
            # So many frames in a row never come: the device streams as long as we look.
            options={"steady_frames": "6000"} if measuring else {},
        )
        for number, (name, port) in enumerate(zip(names, ports, strict=True))
    ]
    ready = threading.Semaphore(0)

    def post(message: DeviceMessage) -> None:
        if isinstance(message, MeasurementProgress):
            ready.release()

    park = open_park(configs, post)
    park.start()
    try:
        _until_ready(park)
        if measuring:
            for config in configs:
                park.measure(f"request-{config.id}", config.id, {}, seconds * 4)
            for _ in configs:
                ready.acquire(timeout=10.0)
        began_s, used_s = time.perf_counter(), time.process_time()
        threading.Event().wait(seconds)
        return (time.process_time() - used_s) / (time.perf_counter() - began_s)
    finally:
        park.close()


def _until_ready(park: Park, timeout_s: float = 20.0) -> None:
    until_s = time.monotonic() + timeout_s
    while any(one.state is not DeviceState.READY for one in park.statuses().values()):
        if time.monotonic() > until_s:
            raise TimeoutError(f"not all devices became ready: {park.statuses()}")
        threading.Event().wait(0.05)


def result_latency(
    rounds: int = 200, commit: Callable[[MeasurementTaken], None] = lambda taken: None
) -> dict[str, float]:
    """Milliseconds from the last byte of a result on the line until `commit` has returned; p50 and p95.

    `commit` stands for the terminal's durable event; it runs in the thread that posts the message.
    """
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    last_byte_s: list[float] = []
    committed_s: list[float] = []
    answered = threading.Event()
    instrument = threading.Thread(target=_tonometer, args=(ours, rounds, last_byte_s), daemon=True)

    def post(message: DeviceMessage) -> None:
        if isinstance(message, MeasurementTaken):
            commit(message)
            committed_s.append(time.perf_counter())
            answered.set()
        elif isinstance(message, MeasurementFailed):
            raise RuntimeError(f"the benchmark's tonometer failed: {message}")

    config = DeviceConfig(id="cuff", driver="and_tm2655", measures=Measures.PRESSURE, port=os.ttyname(theirs))
    park = open_park([config], post)
    park.start()
    instrument.start()
    try:
        _until_ready(park)
        for number in range(rounds):
            answered.clear()
            park.measure(f"round-{number}", "cuff", {}, 10.0)
            if not answered.wait(10.0):
                raise TimeoutError("no result within 10 s")
    finally:
        park.close()
        instrument.join(5.0)
        for end in (ours, theirs):
            os.close(end)
    spent_ms = sorted(1000 * (done - last) for last, done in zip(last_byte_s, committed_s, strict=True))
    return {"p50_ms": statistics.median(spent_ms), "p95_ms": spent_ms[int(len(spent_ms) * 0.95)], "rounds": rounds}


def _tonometer(line: int, rounds: int, last_byte_s: list[float]) -> None:
    """Answers a start with a published result; notes when its last byte leaves."""
    body = b"\x0100\x02TM2655\x1e1910291429\x1eRB\x1eM\x1eE00\x1eS102\x1eM 87\x1eD 62\x1eP 83\x1eI17\x1eL139\x03"
    frame = b"\x16\x16" + body + b"\x28"
    for _ in range(rounds):
        asked = b""
        while not asked.endswith(b"ST\x03\x07"):
            asked += os.read(line, 64)
        os.write(line, b"\x16\x16\x0100\x06")
        threading.Event().wait(0.02)
        os.write(line, frame[:-1])
        threading.Event().wait(0.005)
        last_byte_s.append(time.perf_counter())
        os.write(line, frame[-1:])


def fuzz_all(frames: Sequence[GoldenFrame], count: int, seed: int = 1) -> list[Fuzzed]:
    """`count` damaged frames for every driver with published results."""
    names = sorted({frame.driver for frame in frames if frame.is_result})
    return [fuzz([one for one in frames if one.is_result and one.driver == name], count, seed) for name in names]


_HOST = """
import json, sys, tempfile, pathlib
from simulators.bench import Bench
names = json.loads(sys.argv[1])
with tempfile.TemporaryDirectory(prefix="dopusk-bench-") as folder, Bench(pathlib.Path(folder)) as bench:
    for number, name in enumerate(names):
        bench.add(f"device-{number}", name)
    bench.start()
    print(json.dumps([bench.port(name) for name in bench.names()]), flush=True)
    sys.stdin.read()
"""


@contextmanager
def _simulated(names: Sequence[str]) -> Iterator[list[str]]:
    """Simulated devices in another process; yields their ports."""
    arguments = [sys.executable, "-c", _HOST, json.dumps(list(names))]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("the simulated devices have no pipes")
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        process.wait(10.0)


def run(frames: Sequence[GoldenFrame], fuzz_count: int = 1_000_000) -> Mapping[str, Any]:
    """All of it, for `make bench`."""
    return {
        "codec_speed": codec_speed(frames),
        "processor_share": processor_share(),
        "result_latency": result_latency(),
        "fuzz": {
            one.driver: {"frames": one.frames, "wrong": one.wrong, "wrong_share": one.wrong_share}
            for one in fuzz_all(frames, fuzz_count)
        },
    }
