"""course.warping against a slow resampler, and what must never move."""

import numpy as np
import pytest

from course.warping import random_transform, random_warp, sample, warp


@pytest.fixture(scope="module")
def pictures():
    """Smooth pictures, no two alike, of a shape whose sides differ."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:20, :30]
    waves = rng.uniform(0.1, 0.5, (4, 3, 2))
    images = [[np.sin(a * y + b * x + a) for a, b in channels] for channels in waves]
    return (0.5 + 0.4 * np.moveaxis(np.array(images), 1, -1)).astype(np.float32)


def slow_sample(image, row, column):
    """Bilinear interpolation at one place, by the definition."""
    h, w, _ = image.shape
    row, column = min(max(row, 0), h - 1), min(max(column, 0), w - 1)
    total = 0.0
    for r in range(h):
        for c in range(w):
            weight = max(0, 1 - abs(row - r)) * max(0, 1 - abs(column - c))
            total = total + weight * image[r, c].astype(float)
    return total


def slow_nudge(nudges, row, column, h, w):
    """What the control points say at a pixel, by the definition. (points, points) -> a number."""
    points = len(nudges)
    total = 0.0
    for i in range(points):
        for j in range(points):
            by_row = max(0, 1 - abs(row / (h - 1) * (points - 1) - i))
            by_column = max(0, 1 - abs(column / (w - 1) * (points - 1) - j))
            total += nudges[i, j] * by_row * by_column
    return total


def test_every_pixel_comes_from_where_its_nudge_points(pictures):
    rng = np.random.default_rng(1)
    nudges = rng.normal(0, 0.06, (4, 2, 5, 5))
    bent = warp(pictures, nudges)
    h, w = 20, 30
    for _ in range(150):
        k, r, c = rng.integers(4), rng.integers(h), rng.integers(w)
        row = r + h * slow_nudge(nudges[k, 0], r, c, h, w)
        column = c + w * slow_nudge(nudges[k, 1], r, c, h, w)
        np.testing.assert_allclose(bent[k, r, c], slow_sample(pictures[k], row, column), atol=1e-4)


def test_no_noise_bends_nothing(pictures):
    np.testing.assert_allclose(random_warp(pictures, 0, seed=3), pictures, atol=1e-5)


def test_equal_nudges_shift_the_picture(pictures):
    nudges = np.zeros((4, 2, 3, 3))
    nudges[:, 0], nudges[:, 1] = 2 / 20, -3 / 30
    shifted = warp(pictures, nudges)
    np.testing.assert_allclose(shifted[:, :-2, 3:], pictures[:, 2:, :-3], atol=1e-4)
    np.testing.assert_allclose(
        shifted[:, -2:, 3:], np.repeat(pictures[:, -1:, :-3], 2, 1), atol=1e-4
    )


def test_the_target_is_untouched(pictures):
    before = pictures.copy()
    bent = random_warp(pictures, 0.05, seed=0)
    np.testing.assert_array_equal(pictures, before)
    assert not np.shares_memory(bent, pictures)
    assert np.abs(bent - pictures).mean() > 0.01


def test_nudges_are_as_large_as_asked():
    """A ramp tells where its pixel came from: 1,000 pictures whose value is the column."""
    ramp = np.broadcast_to(np.arange(200.0)[:, None], (1000, 3, 200, 1))
    come = random_warp(ramp, 0.02, seed=4, points=3)[:, 1, 100, 0] - 100
    assert abs(come.std() - 0.02 * 200) < 0.3 and abs(come.mean()) < 0.4


def test_each_picture_is_bent_its_own_way_and_again_the_same(pictures):
    same = np.repeat(pictures[:1], 6, axis=0)
    bent = random_warp(same, seed=5)
    np.testing.assert_array_equal(bent, random_warp(same, seed=5))
    assert np.abs(bent - random_warp(same, seed=6)).max() > 0.01
    for i in range(5):
        assert np.abs(bent[i] - bent[i + 1]).max() > 0.01
    rng = np.random.default_rng(5)  # a generator goes on
    np.testing.assert_array_equal(bent, random_warp(same, seed=rng))
    assert np.abs(bent - random_warp(same, seed=rng)).max() > 0.01


def test_transforms_against_scipy(pictures):
    from scipy.ndimage import affine_transform

    settings = {"zoom": 0.0, "shift": 0.0, "flip": 0.0}
    turned = random_transform(pictures, seed=7, turn=9.0, **settings)
    angle = np.deg2rad(np.random.default_rng(7).uniform(-9, 9, 4))
    for one, image, a in zip(turned, pictures, angle, strict=True):
        matrix = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        offset = np.array([9.5, 14.5]) - matrix @ [9.5, 14.5]
        for k in range(3):
            other = affine_transform(image[..., k], matrix, offset, order=1, mode="nearest")
            np.testing.assert_allclose(one[4:16, 4:26, k], other[4:16, 4:26], atol=1e-3)


def test_transforms_one_by_one(pictures):
    still = {"turn": 0.0, "zoom": 0.0, "shift": 0.0, "flip": 0.0}
    np.testing.assert_allclose(random_transform(pictures, seed=0, **still), pictures, atol=1e-5)
    flipped = random_transform(pictures, seed=0, **still | {"flip": 1.0})
    np.testing.assert_allclose(flipped, pictures[:, :, ::-1], atol=1e-5)
    ramp = np.broadcast_to(np.arange(40.0)[:, None], (300, 40, 40, 1))
    slope = np.gradient(
        random_transform(ramp, seed=0, **still | {"zoom": 0.1})[:, 20, 10:30, 0], axis=1
    )
    assert 0.905 < slope.min() < 0.92 and 1.09 < slope.max() < 1.112
    moved = random_transform(ramp, seed=0, **still | {"shift": 0.1})[:, 20, 20, 0] - 20
    assert 3.7 < moved.max() <= 4 and -4 <= moved.min() < -3.7


def test_dtypes_and_small_pictures():
    for shape in ((2, 1, 1, 3), (2, 1, 5, 1), (0, 8, 8, 3), (1, 2, 2, 1)):
        for dtype in (np.float32, np.float64, np.float16):
            images = np.full(shape, 0.25, dtype)
            for bent in (random_warp(images, 0.3, seed=0), random_transform(images, seed=0)):
                assert bent.shape == shape and bent.dtype == dtype
                np.testing.assert_allclose(bent, 0.25, rtol=1e-3)


def test_places_outside_are_moved_to_the_border(pictures):
    rows = np.full((4, 1, 1), 99.0, np.float32)
    columns = np.full((4, 1, 1), -5.0, np.float32)
    np.testing.assert_allclose(
        sample(pictures, rows, columns)[:, 0, 0], pictures[:, -1, 0], atol=1e-6
    )


@pytest.mark.parametrize("call", [random_warp, random_transform])
def test_what_is_refused(call):
    with pytest.raises(ValueError, match=r"\(n, h, w, channels\).*Received: shape \(8, 8, 3\)"):
        call(np.zeros((8, 8, 3)), seed=0)
    with pytest.raises(TypeError, match=r"Give floats.*uint8"):
        call(np.zeros((1, 8, 8, 3), np.uint8), seed=0)


def test_bad_settings_are_named(pictures):
    for noise in (-0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match="noise must be at least 0"):
            random_warp(pictures, noise, seed=0)
    with pytest.raises(ValueError, match="at least 2 control points"):
        random_warp(pictures, seed=0, points=1)
    with pytest.raises(ValueError, match=r"nudges \(4, 2, rows, columns\)"):
        warp(pictures, np.zeros((3, 2, 5, 5)))
