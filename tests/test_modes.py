"""Toy targets: where their points lie, what their density is, and how modes are counted."""

import numpy as np
import pytest

from course.data.modes import (
    BUMP_SIGMA,
    BUMPS,
    RING_SIGMA,
    density,
    draw_points,
    modes_found,
    ring_centres,
)


def test_the_ring_by_hand():
    np.testing.assert_allclose(ring_centres(4), [[2, 0], [0, 2], [-2, 0], [0, -2]], atol=1e-12)
    centres = ring_centres()
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 2)
    gaps = np.linalg.norm(centres - np.roll(centres, 1, axis=0), axis=1)
    np.testing.assert_allclose(gaps, 4 * np.sin(np.pi / 8))
    assert gaps.min() > 6 * RING_SIGMA  # no point is good for two modes


def test_points_have_the_modes_and_the_width_that_they_should():
    points = draw_points(40_000, ring_centres(), RING_SIGMA)
    assert points.shape == (40_000, 2) and points.dtype == np.float32
    distances = np.linalg.norm(points[:, None] - ring_centres(), axis=2)
    near = distances.argmin(axis=1)
    shares = np.bincount(near) / len(points)
    np.testing.assert_allclose(shares, 1 / 8, atol=5 * np.sqrt(1 / 8 * 7 / 8 / 40_000))
    offsets = points - ring_centres()[near]
    np.testing.assert_allclose(offsets.std(axis=0), RING_SIGMA, rtol=0.02)


def test_the_seed_decides():
    one, again, other = (draw_points(5, BUMPS, BUMP_SIGMA, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("centres", "sigma"), [(BUMPS, BUMP_SIGMA), (BUMPS, 0.1)])
def test_the_density_on_the_line_sums_to_one_and_is_a_histogram(centres, sigma):
    x = np.linspace(-6, 6, 4001)
    p = density(x[:, None], centres, sigma)
    assert np.trapezoid(p, x) == pytest.approx(1, abs=1e-6)
    points = draw_points(200_000, centres, sigma)
    share = np.mean((points > -2 - sigma) & (points < -2 + sigma))
    inside = (x > -2 - sigma) & (x < -2 + sigma)
    assert share == pytest.approx(np.trapezoid(p[inside], x[inside]), abs=0.005)


def test_the_density_in_the_plane_sums_to_one():
    axis = np.linspace(-3.5, 3.5, 281)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    total = density(grid, ring_centres(), 0.2).sum() * (axis[1] - axis[0]) ** 2
    assert total == pytest.approx(1, abs=1e-4)


def test_real_points_find_all_modes():
    found = modes_found(draw_points(2000, ring_centres(), RING_SIGMA), ring_centres(), RING_SIGMA)
    assert found.found == 8 and found.counts.sum() == round(2000 * found.good)
    # Within 3 sigma of a round Gaussian in the plane: 1 - exp(-9/2).
    assert found.good == pytest.approx(1 - np.exp(-4.5), abs=0.008)


def test_counting_by_hand():
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    points = [[0, 0], [0, 2.9], [0, 3.1], [10, 1], [10, -1], [5, 5]]
    counted = modes_found(points, centres, 1.0, at_least=2)
    assert counted.counts.tolist() == [2, 2, 0]
    assert counted.found == 2 and counted.good == pytest.approx(4 / 6)
    assert modes_found(points, centres, 1.0, at_least=3).found == 0


def test_points_that_are_not_numbers_are_not_good():
    counted = modes_found([[np.nan, 0], [0, 0]], [[0.0, 0.0]], 1.0, at_least=1)
    assert counted.counts.tolist() == [1] and counted.good == 0.5


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"Give points \(n, 2\)"):
        modes_found(np.ones((3, 1)), ring_centres(), 0.1)
    with pytest.raises(ValueError, match=r"Give points \(n, 2\)"):
        modes_found(np.ones((0, 2)), ring_centres(), 0.1)
    with pytest.raises(ValueError, match="sigma must be above 0"):
        draw_points(3, BUMPS, 0.0)
    with pytest.raises(ValueError, match="Give centres"):
        draw_points(3, np.ones(3), 1.0)
    with pytest.raises(TypeError, match="must be an int"):
        draw_points(3.5, BUMPS, 1.0)
