"""The benchmarks of the drivers in their short form: they run and count what they say they count."""

from pathlib import Path

from dopusk.lab.bench.devices import EIGHT, codec_speed, fuzz_all, processor_share, result_latency
from dopusk.lab.bench.fuzz import golden_frames
from drivers.messages import MeasurementTaken
from tests.contract.rig import WITHOUT_CHECKSUM

FRAMES = golden_frames(Path(__file__).parents[2] / "golden" / "frames.toml")


def test_each_codec_is_compared_with_its_own_line() -> None:
    rates = codec_speed(FRAMES, seconds=0.01)
    assert set(EIGHT) <= rates.keys()
    for rate in rates.values():
        assert rate["times_the_line"] == rate["bytes_per_s"] / rate["line_bytes_per_s"]


def test_eight_idle_and_eight_streaming_devices() -> None:
    shares = processor_share(seconds=0.3)
    assert set(shares) == {"eight_idle", "eight_streaming"}
    assert all(share >= 0.0 for share in shares.values())


def test_the_latency_ends_with_the_commit() -> None:
    committed: list[MeasurementTaken] = []
    result = result_latency(rounds=5, commit=committed.append)
    assert [one.reading.values["systolic_mmhg"] for one in committed] == [102] * 5
    assert 0.0 < result["p50_ms"] <= result["p95_ms"]


def test_the_fuzzing_counts_every_frame() -> None:
    for one in fuzz_all(FRAMES, 70):
        assert one.frames == 70 == one.wrong + one.unchanged + one.refused
        assert one.wrong == 0 or one.driver in WITHOUT_CHECKSUM
