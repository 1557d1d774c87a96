"""What every codec promises: published frames, any split, garbage, damage, bounds. Walks the whole registry."""

from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dopusk.lab.bench.fuzz import GoldenFrame, fuzz, golden_frames
from drivers.findings import FrameBroken, MeasurementFound, to_json
from drivers.registry import complete_options, driver, drivers
from tests.contract.rig import WITHOUT_CHECKSUM, decoded

FRAMES = golden_frames(Path(__file__).parents[1] / "golden" / "frames.toml")
RESULTS = [frame for frame in FRAMES if frame.is_result]
CODECS = [name for name in drivers() if name != "modbus_profile"]
FUZZED_FRAMES = 2000
BUFFER_BYTES = 4096


def named(frame: GoldenFrame) -> str:
    return f"{frame.driver}-{frame.data.hex()[:16]}"


def sizes(numbers: list[int]) -> Iterator[int]:
    return chain(numbers, repeat(7))


@pytest.mark.parametrize("frame", FRAMES, ids=named)
def test_a_published_frame_means_what_it_says(frame: GoldenFrame) -> None:
    found = [to_json(one) for one in decoded(frame.driver, frame.data, **frame.options)]
    assert len(found) == len(frame.finds)
    for one, expected in zip(found, frame.finds, strict=True):
        assert (one["values"] if one["kind"] == "measurement" else one) == expected


@pytest.mark.parametrize("frame", RESULTS, ids=named)
@settings(deadline=None)
@given(cuts=st.lists(st.integers(1, 40), max_size=60), before=st.binary(max_size=12))
def test_splits_do_not_matter(frame: GoldenFrame, cuts: list[int], before: bytes) -> None:
    line = before + frame.data + frame.data[:-1] + frame.data
    whole = decoded(frame.driver, line, **frame.options)
    assert decoded(frame.driver, line, sizes(cuts), **frame.options) == whole


@pytest.mark.parametrize("frame", RESULTS, ids=named)
def test_two_frames_in_one_read_are_two_results(frame: GoldenFrame) -> None:
    found = decoded(frame.driver, frame.data + frame.data, **frame.options)
    results = [one.reading.values for one in found if isinstance(one, MeasurementFound)]
    if frame.driver in ("and_ua767pc", "optris_ct"):
        # Without any framing on the line, two answers in one read cannot be told apart: none may be believed.
        assert all(values == frame.finds[0] for values in results)
    else:
        assert results == [frame.finds[0]] * 2


@pytest.mark.parametrize("frame", RESULTS, ids=named)
def test_a_result_that_nobody_asked_for_does_not_count(frame: GoldenFrame) -> None:
    found = decoded(frame.driver, frame.data, **(frame.options | {"session": "no"}))
    assert [to_json(one)["kind"] for one in found] == ["rejected"]


@pytest.mark.parametrize("frame", RESULTS, ids=named)
def test_half_a_frame_is_accounted_for(frame: GoldenFrame) -> None:
    found = decoded(frame.driver, frame.data[: len(frame.data) // 2], **frame.options)
    assert any(isinstance(one, FrameBroken) for one in found)
    assert not any(isinstance(one, MeasurementFound) for one in found)


def dialects(name: str) -> list[dict[str, str]]:
    """Every choice of each option that has choices, one at a time: a codec reads each in another way."""
    options = driver(name).options
    return [{}, *({key: choice} for key, option in options.items() for choice in option.choices)]


def noises(name: str) -> st.SearchStrategy[bytes]:
    """Any bytes, and bytes that this protocol is made of: nearly right is worse than wrong."""
    own = sorted({byte for frame in FRAMES if frame.driver == name for byte in frame.data} | {0, 0xFF})
    return st.one_of(st.binary(max_size=400), st.lists(st.sampled_from(own), max_size=400).map(bytes))


@pytest.mark.parametrize(("name", "options"), [(name, options) for name in CODECS for options in dialects(name)])
@settings(deadline=None)
@given(data=st.data())
def test_noise_raises_nothing_however_it_is_split(name: str, options: dict[str, str], data: st.DataObject) -> None:
    noise = data.draw(noises(name))
    cuts = data.draw(st.lists(st.integers(1, 40), max_size=20))
    whole = [to_json(one) for one in decoded(name, noise, **options)]
    assert [to_json(one) for one in decoded(name, noise, sizes(cuts), **options)] == whole


@pytest.mark.parametrize("name", CODECS)
def test_the_buffer_is_bounded(name: str) -> None:
    options, _ = complete_options(driver(name), {})
    for fill in (
        b"\x16\x16\x01",
        b"\x02",
        b"A",
        b"\xff",
        b"\x80",
        b"\x01\x03\xfa",
        b"\x00\x01\x00\x00\x00\xfa",
        b"\x3e\xff",
    ):
        codec = driver(name).make_codec(options)
        for _ in range(60):
            codec.feed(fill * 100)
        assert held_bytes(codec) < BUFFER_BYTES


def held_bytes(thing: object, depth: int = 4) -> int:
    """Bytes and list entries that an object keeps, deep enough for a codec and its framer."""
    if isinstance(thing, bytes | bytearray | str):
        return len(thing)
    if isinstance(thing, list | tuple | set) or type(thing).__name__ == "deque":
        return sum(1 + held_bytes(one, depth - 1) for one in thing) if depth else len(thing)  # type: ignore[attr-defined,arg-type]
    if depth and hasattr(thing, "__dict__"):
        return sum(held_bytes(one, depth - 1) for one in vars(thing).values())
    return 0


@pytest.mark.parametrize("name", sorted({frame.driver for frame in RESULTS}))
def test_damaged_frames_never_become_other_values(name: str, record_property: Callable[[str, object], None]) -> None:
    result = fuzz([frame for frame in RESULTS if frame.driver == name], FUZZED_FRAMES, seed=20260711)
    if name in WITHOUT_CHECKSUM:
        record_property(f"accepted {name}", result.wrong_share)
    else:
        assert result.wrong == 0, result.examples


def test_the_fuzzing_can_fail() -> None:
    frames = [frame for frame in RESULTS if frame.driver == "contec_v7"]
    assert fuzz(frames, FUZZED_FRAMES, seed=1).wrong > 0
