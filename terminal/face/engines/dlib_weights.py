"""Reads a network that dlib has serialised: the ResNet of `dlib_face_recognition_resnet_model_v1.dat`. Bytes in, layers out.

Source: the layout as dlib 20 writes it (`serialize` of `tensor`, `con_`, `affine_`, pools and `fc_`). Whole numbers are a
control byte (low four bits: how many bytes follow, little-endian; bit 7: negative) and those bytes. Each layer is
introduced by its name; layers stand from the input to the output. A tensor is a version, four sizes and raw float32.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
LAYER = re.compile(rb"con_4|affine_|relu_|max_pool_2|avg_pool_2|add_prev_|fc_2")


class WeightsGarbled(ValueError):
    """The file is not what dlib writes for this network."""


@dataclass(frozen=True, slots=True)
class Convolution:
    """`filters` is filters × channels × rows × columns."""

    filters: Floats
    biases: Floats
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Affine:
    """Per channel: gamma × x + beta (a batch normalisation with its statistics folded in)."""

    gamma: Floats
    beta: Floats


@dataclass(frozen=True, slots=True)
class Pool:
    """`window` of (0, 0) is the whole picture."""

    kind: str
    window: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, slots=True)
class FullyConnected:
    """`weights` is inputs × outputs; there is no bias."""

    weights: Floats


@dataclass(frozen=True, slots=True)
class Plain:
    """`relu` or `add`."""

    kind: str


Layer = Convolution | Affine | Pool | FullyConnected | Plain


def read_layers(serialized: bytes) -> list[Layer]:
    """Layers from the input to the output. Raises `WeightsGarbled` when the bytes make no sense."""
    try:
        layers = list(_layers(serialized))
    except (ValueError, IndexError) as error:
        raise WeightsGarbled(f"not a network as dlib writes it: {error}") from error
    if not layers or not isinstance(layers[0], Convolution) or not isinstance(layers[-1], FullyConnected):
        raise WeightsGarbled("the network does not begin with a convolution and end fully connected")
    return layers


def _layers(serialized: bytes) -> Iterator[Layer]:
    at = 0
    while (found := LAYER.search(serialized, at)) is not None:
        name, values = found.group(), _Values(serialized, found.end())
        match name:
            case b"con_4":
                yield _convolution(values)
            case b"affine_":
                parameters = values.tensor()
                half = parameters.size // 2
                yield Affine(parameters[:half], parameters[half:])
            case b"max_pool_2" | b"avg_pool_2":
                rows, columns, stride_y, stride_x, pad_y, pad_x = (values.whole() for _ in range(6))
                yield Pool(name[:3].decode(), (rows, columns), (stride_y, stride_x), (pad_y, pad_x))
            case b"fc_2":
                outputs, inputs = values.whole(), values.whole()
                yield FullyConnected(values.tensor().reshape(inputs, outputs))
            case _:
                yield Plain("relu" if name == b"relu_" else "add")
        at = values.at


def _convolution(values: "_Values") -> Convolution:
    parameters = values.tensor()
    filters, rows, columns, stride_y, stride_x, pad_y, pad_x = (values.whole() for _ in range(7))
    weights, biases = parameters[: parameters.size - filters], parameters[parameters.size - filters :]
    shaped = weights.reshape(filters, -1, rows, columns)
    return Convolution(shaped, biases, (stride_y, stride_x), (pad_y, pad_x))


class _Values:
    """Numbers one after the other from a place in the file."""

    def __init__(self, serialized: bytes, at: int) -> None:
        self._bytes = serialized
        self.at = at

    def whole(self) -> int:
        control = self._bytes[self.at]
        count = control & 0x0F
        if control & 0x70 or not 1 <= count <= 8 or self.at + 1 + count > len(self._bytes):
            raise ValueError(f"no whole number at byte {self.at}")
        value = int.from_bytes(self._bytes[self.at + 1 : self.at + 1 + count], "little")
        self.at += 1 + count
        return -value if control & 0x80 else value

    def tensor(self) -> Floats:
        version = self.whole()
        if version != 2:
            raise ValueError(f"a tensor of version {version} at byte {self.at}")
        sizes = [self.whole() for _ in range(4)]
        count = int(np.prod(sizes))
        if not 0 < count <= 50_000_000:
            raise ValueError(f"a tensor of sizes {sizes} at byte {self.at}")
        numbers = np.frombuffer(self._bytes, np.dtype("<f4"), count, self.at)
        self.at += 4 * count
        return numbers
