"""What does not move stays as it was; what moves is seen."""

import numpy as np

from terminal.camera.steadying import steadied


def noisy(seed: int, sigma: float = 3.0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sigma, (120, 160, 3))
    return np.clip(120 + noise, 0, 255).astype(np.uint8)


def test_noise_alone_changes_nothing() -> None:
    first = steadied(None, noisy(1))
    assert (steadied(first, noisy(2)) == first).mean() > 0.999


def test_what_moves_is_taken_anew_and_nothing_else() -> None:
    first = steadied(None, noisy(1))
    moved = noisy(2)
    moved[40:60, 40:60] = 220
    second = steadied(first, moved)
    assert (second[42:58, 42:58] > 200).all()
    assert (second[:, 90:] == first[:, 90:]).mean() > 0.999


def test_a_slow_change_of_light_is_followed_in_the_end() -> None:
    shown = steadied(None, noisy(1, 0))
    for level in range(121, 181):
        shown = steadied(shown, np.full((120, 160, 3), level, np.uint8))
    assert abs(float(shown.mean()) - 180) <= 7
