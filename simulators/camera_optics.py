"""Pinhole optics for simulated faces: a photo on a plane, on a bent sheet or on a head, turned before the camera.

Every output pixel's ray is cut with the turned surface; the point where it hits says which pixel of the photo is seen.
Lengths are in widths of the face; the camera stands `DISTANCE` face widths away on the z axis, y points down.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[Any]

DISTANCE = 5.0
HEAD_HALF_WIDTH, HEAD_HALF_HEIGHT, HEAD_HALF_DEPTH = 0.68, 0.95, 0.80
MESH_PX = 4
"""The map is computed for every fourth pixel and interpolated: surfaces are smooth."""


@dataclass(frozen=True, slots=True)
class Face:
    """Where the face is in a photo, in pixels of that photo: centre and width of the box around it."""

    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Pose:
    """`yaw_degrees` towards the left of the picture (the person's own right), `pitch_degrees`, `roll_degrees` clockwise.

    `x`, `y` is the middle of the face in pixels of the output.

    `width_px` is the width of the face in the output while it looks straight on.
    """

    yaw_degrees: float = 0.0
    pitch_degrees: float = 0.0
    roll_degrees: float = 0.0
    x: float = 320.0
    y: float = 230.0
    width_px: float = 170.0


def _turn(pose: Pose) -> Picture:
    yaw, pitch, roll = (np.radians(a) for a in (pose.yaw_degrees, pose.pitch_degrees, pose.roll_degrees))
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    turned: Picture = about_z @ about_x @ about_y
    return turned


def _rays(pose: Pose, size: tuple[int, int]) -> tuple[Picture, Picture]:
    """Origin and directions of the rays of a coarse mesh, in the coordinates of the turned object."""
    width, height = size
    columns = np.arange(0, width + MESH_PX, MESH_PX) + 0.0
    rows = np.arange(0, height + MESH_PX, MESH_PX) + 0.0
    x, y = np.meshgrid((columns - pose.x) / pose.width_px, (rows - pose.y) / pose.width_px)
    # A point at z = 0 is seen at its own x, y: the picture plane goes through the middle of the object.
    directions = np.stack([x, y, np.full_like(x, DISTANCE)], axis=-1)
    back = _turn(pose).T
    origin = back @ np.array([0.0, 0.0, -DISTANCE])
    return origin, directions @ back.T


def _sample(
    photo: Picture, face: Face, x: Picture, y: Picture, seen: Picture, size: tuple[int, int]
) -> tuple[Picture, Picture]:
    width, height = size
    full = (x.shape[1] * MESH_PX, x.shape[0] * MESH_PX)

    def spread(mesh: Picture) -> Picture:
        # Mesh points stand at multiples of MESH_PX; `resize` takes them for the middles of cells, hence the shift.
        grid = np.array([[MESH_PX, 0, 0], [0, MESH_PX, 0]], np.float32)
        spread_out: Picture = cv2.warpAffine(
            mesh.astype(np.float32), grid, full, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return spread_out[:height, :width]

    map_x = spread(face.x + x * face.width)
    map_y = spread(face.y + y * face.width)
    picture = cv2.remap(photo, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return picture, np.clip(spread(seen), 0, 1)


def flat(photo: Picture, face: Face, pose: Pose, size: tuple[int, int]) -> tuple[Picture, Picture]:
    """The photo as a stiff sheet; returns the picture and how much of each pixel it covers (0 to 1)."""
    origin, rays = _rays(pose, size)
    along = -origin[2] / rays[..., 2]
    x, y = origin[0] + along * rays[..., 0], origin[1] + along * rays[..., 1]
    return _sample(photo, face, x, y, _on_sheet(photo, face, x, y), size)


def bent(photo: Picture, face: Face, pose: Pose, size: tuple[int, int], radius: float) -> tuple[Picture, Picture]:
    """The photo bent about an upright axis with `radius` in face widths, its middle towards the camera."""
    origin, rays = _rays(pose, size)
    # Cylinder x² + (z - radius)² = radius², axis upright, nearest point at z = 0.
    a = rays[..., 0] ** 2 + rays[..., 2] ** 2
    b = 2 * (origin[0] * rays[..., 0] + (origin[2] - radius) * rays[..., 2])
    c = origin[0] ** 2 + (origin[2] - radius) ** 2 - radius**2
    root = b**2 - 4 * a * c
    along = (-b - np.sqrt(np.maximum(root, 0))) / (2 * a)
    x, y, z = (origin[i] + along * rays[..., i] for i in range(3))
    arc = radius * np.arctan2(x, radius - z)
    return _sample(photo, face, arc, y, np.where(root > 0, _on_sheet(photo, face, arc, y), 0.0), size)


def head(photo: Picture, face: Face, pose: Pose, size: tuple[int, int]) -> tuple[Picture, Picture]:
    """The photo thrown from the front on an ellipsoid: a smooth head with no nose of its own, harder than a real one."""
    origin, rays = _rays(pose, size)
    axes = np.array([HEAD_HALF_WIDTH, HEAD_HALF_HEIGHT, HEAD_HALF_DEPTH])
    # The middle of the ellipsoid lies behind the picture plane, so that the face itself is near z = 0.
    start, directions = (origin - np.array([0, -0.05, 0.5])) / axes, rays / axes
    a = np.sum(directions**2, axis=-1)
    b = 2 * directions @ start
    c = float(start @ start) - 1
    root = b**2 - 4 * a * c
    along = (-b - np.sqrt(np.maximum(root, 0))) / (2 * a)
    x, y = origin[0] + along * rays[..., 0], origin[1] + along * rays[..., 1]
    return _sample(photo, face, x, y, np.clip(root / (0.03 * a), 0, 1), size)


def lay_over(below: Picture, above: Picture, cover: Picture) -> Picture:
    """`above` where it covers, `below` elsewhere."""
    cover = cover.astype(np.float32)
    mixed: Picture = cv2.blendLinear(above, below, cover, 1 - cover)
    return mixed


def _on_sheet(photo: Picture, face: Face, x: Picture, y: Picture) -> Picture:
    rows, columns = photo.shape[:2]
    inside_x = np.minimum(face.x + x * face.width, columns - 1 - (face.x + x * face.width))
    inside_y = np.minimum(face.y + y * face.width, rows - 1 - (face.y + y * face.width))
    covered: Picture = np.clip(np.minimum(inside_x, inside_y) / 3, 0, 1)
    return covered
