"""course.corruption and course.restoration against loops, statistics and SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, signal

from course import restoration
from course.corruption import (
    band_masks,
    blur,
    gaussian_noise,
    hide,
    occlude_bands,
    random_masks,
    salt_and_pepper,
)
from tests.chance import draws

GREY = np.full((200, 28, 28, 1), 0.5, dtype="float32")
SEEDED = {
    "gaussian": lambda x, seed: gaussian_noise(x, 0.2, seed=seed),
    "salt": lambda x, seed: salt_and_pepper(x, 0.3, seed=seed),
    "bands": lambda x, seed: occlude_bands(x, 3, seed=seed),
    "masks": lambda x, seed: hide(x, random_masks(x.shape, 0.4, seed=seed)),
}
ALL = SEEDED | {"blur": lambda x, seed: blur(x, 1.2)}


def pictures(n=6, h=9, w=7, seed=0):
    return np.random.default_rng(seed).random((n, h, w)).astype("float32")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(4, 9, 7), (4, 9, 7, 1), (4, 9, 7, 3), (1, 3, 3)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_shape_type_and_range_stay_and_nothing_happens_in_place(name, shape, dtype):
    x = np.random.default_rng(0).random(shape).astype(dtype)
    x.flags.writeable = False
    spoilt = ALL[name](x, 1)
    assert spoilt.shape == shape and spoilt.dtype == x.dtype
    assert spoilt.min() >= 0 and spoilt.max() <= 1
    assert not np.shares_memory(spoilt, x)
    assert not np.array_equal(spoilt, x)


@pytest.mark.parametrize("name", SEEDED)
def test_chance_comes_from_the_seed_alone(name):
    spoil = SEEDED[name]
    first = spoil(GREY, 5)
    np.testing.assert_array_equal(first, spoil(GREY, 5))
    np.testing.assert_array_equal(first, spoil(GREY, np.int64(5)))
    np.testing.assert_array_equal(first, spoil(GREY, np.random.default_rng(5)))
    assert not np.array_equal(first, spoil(GREY, 6))
    rng = np.random.default_rng(5)
    assert not np.array_equal(spoil(GREY, rng), spoil(GREY, rng))
    # One image is spoilt in another way than the next.
    assert not np.array_equal(first[0], first[1])
    from course.reproducibility import set_seed

    set_seed(3)
    expected = draws()
    set_seed(3)
    spoil(GREY, 5)
    assert draws() == expected


def test_noise_has_the_sigma_that_was_asked_for():
    noise = gaussian_noise(GREY, 0.1, seed=0) - 0.5
    assert abs(noise.mean()) < 0.001
    assert noise.std() == pytest.approx(0.1, rel=0.01)
    lag = np.mean(noise[:, 1:] * noise[:, :-1]) / noise.var()
    assert abs(lag) < 0.01  # no pixel tells about its neighbour
    np.testing.assert_array_equal(gaussian_noise(GREY, 0, seed=0), GREY)


def test_noise_is_clipped_like_a_folded_tail():
    black = np.zeros((50, 28, 28))
    noisy = gaussian_noise(black, 0.5, seed=1)
    assert (noisy == 0).mean() == pytest.approx(0.5, abs=0.02)
    assert (noisy == 1).mean() == pytest.approx(0.02275, abs=0.005)  # beyond two sigmas


@pytest.mark.parametrize("share", [0, 0.1, 0.7, 1])
def test_salt_and_pepper_come_in_equal_shares(share):
    spoilt = salt_and_pepper(GREY, share, seed=2)
    assert set(np.unique(spoilt)) <= {0, 0.5, 1}
    for value, expected in ((0, share / 2), (1, share / 2), (0.5, 1 - share)):
        assert (spoilt == value).mean() == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("sigma", [0.3, 1, 1.2, 2.5, 6])
def test_blur_is_scipys(sigma):
    x = pictures().astype("float64")
    expected = ndimage.gaussian_filter(x, (0, sigma, sigma), mode="nearest", truncate=4)
    np.testing.assert_allclose(blur(x, sigma), expected, atol=1e-12)
    colour = np.stack([x, x[::-1]], axis=-1)
    np.testing.assert_allclose(blur(colour, sigma)[..., 0], expected, atol=1e-12)
    np.testing.assert_allclose(blur(colour, sigma)[..., 1], expected[::-1], atol=1e-12)


def test_blur_of_nothing_and_of_a_flat_grey():
    np.testing.assert_array_equal(blur(pictures(), 0), pictures())
    np.testing.assert_allclose(blur(GREY, 3), GREY, atol=1e-6)
    for sigma in np.arange(0.5, 3, 0.1):  # weights in float32 may add up to 1.0000001
        assert blur(GREY[:1] * 2, sigma).max() <= 1


@given(
    st.integers(1, 6), st.integers(1, 8), st.integers(1, 5), st.integers(1, 8), st.integers(0, 99)
)
@settings(deadline=None)
def test_a_band_is_whole_rows_next_to_each_other(n, h, w, height, seed):
    if height > h:
        with pytest.raises(ValueError, match=f"height must be from 1 to {h}"):
            band_masks((n, h, w), height, seed=seed)
        return
    masks = band_masks((n, h, w), height, seed=seed)
    assert masks.shape == (n, h, w) and masks.dtype == bool
    for mask in masks:
        rows = [i for i in range(h) if mask[i].any()]
        assert rows == list(range(rows[0], rows[0] + height))
        assert mask[rows].all()


def test_every_place_is_equally_likely_for_a_band():
    masks = band_masks((27_000, 28, 1), 2, seed=0)
    top = masks[..., 0].argmax(axis=1)
    counts = np.bincount(top, minlength=27)
    assert len(counts) == 27
    assert counts.min() > 850 and counts.max() < 1150  # 1,000 each, five sigmas
    assert masks[:, 27].any() and masks[:, 0].any()


def test_random_masks_hide_the_share():
    masks = random_masks((300, 28, 28, 1), 0.3, seed=0)
    assert masks.shape == (300, 28, 28) and masks.dtype == bool
    assert masks.mean() == pytest.approx(0.3, abs=0.005)
    assert not random_masks((2, 3, 3), 0, seed=0).any()
    assert random_masks((2, 3, 3), 1, seed=0).all()


@pytest.mark.parametrize("channels", [None, 1, 3])
def test_hide_paints_the_hidden_pixels_and_no_other(channels):
    x = pictures() * 0.9
    x = x if channels is None else np.repeat(x[..., None], channels, axis=-1)
    masks = random_masks(x.shape, 0.5, seed=1)
    hidden = hide(x, masks, 0.95)
    for place in np.ndindex(masks.shape):
        expected = np.full_like(x[place], 0.95) if masks[place] else x[place]
        np.testing.assert_array_equal(hidden[place], expected)


@pytest.mark.parametrize("name", ALL)
def test_grey_levels_of_bytes_are_refused_with_the_cure(name):
    with pytest.raises(TypeError, match=r"Received: uint8\. Divide grey levels by 255"):
        ALL[name](np.zeros((2, 4, 4), "uint8"), 0)
    with pytest.raises(ValueError, match=r"values from 0 to 255\. Divide grey levels by 255"):
        ALL[name](np.array([[[0.0, 255], [0, 1]]] * 2), 0)
    with pytest.raises(ValueError, match=r"values from -0.5 to 1"):
        ALL[name](np.array([[[-0.5, 1], [0, 1], [0, 0]]]), 0)
    with pytest.raises(ValueError, match="Received: 2 values that are NaN"):
        ALL[name](np.array([[[np.nan, 1], [np.nan, 1], [0, 0]]]), 0)


@pytest.mark.parametrize("name", ["bands", "masks", "blur"])
@pytest.mark.parametrize("shape", [(2, 784), (28,), (0, 28, 28), (2, 3, 4, 1, 1)])
def test_pictures_are_asked_for_where_neighbours_matter(name, shape):
    with pytest.raises(ValueError, match=r"reshape\(-1, 28, 28\)"):
        ALL[name](np.zeros(shape), 0)


def test_flat_rows_may_be_noisy():
    assert gaussian_noise(np.zeros((3, 784)), 0.1, seed=0).shape == (3, 784)
    with pytest.raises(ValueError, match="at least one image"):
        gaussian_noise(np.zeros((0, 784)), 0.1, seed=0)
    with pytest.raises(ValueError, match="at least one image"):
        salt_and_pepper(np.zeros(784), 0.1, seed=0)


@pytest.mark.parametrize("seed", [None, 1.0, True, "0"])
def test_a_seed_is_an_int_or_a_generator(seed):
    with pytest.raises(TypeError, match=r"seed must be an int or a numpy\.random\.Generator"):
        gaussian_noise(GREY, 0.1, seed=seed)
    with pytest.raises(ValueError, match="Received: -1"):
        band_masks((2, 3, 3), 1, seed=-1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gaussian_noise(GREY, -0.1, seed=0), "sigma must be at least 0. Received: -0.1"),
        (lambda: gaussian_noise(GREY, np.nan, seed=0), "sigma must be at least 0. Received: nan"),
        (lambda: blur(GREY, np.inf), "sigma must be at least 0. Received: inf"),
        (lambda: salt_and_pepper(GREY, 1.1, seed=0), "share must be from 0 to 1. Received: 1.1"),
        (lambda: random_masks((2, 3, 3), -1, seed=0), "share must be from 0 to 1"),
        (lambda: occlude_bands(GREY, 0, seed=0), "from 1 to 28, the rows .* Received: 0"),
        (lambda: occlude_bands(GREY, 2, 2.0, seed=0), "value must be from 0 to 1"),
        (lambda: hide(GREY, np.zeros((200, 28), bool)), r"one mask for each image, \(200, 28, 28"),
    ],
)
def test_a_bad_strength_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_mask_is_bool_and_a_height_whole():
    with pytest.raises(TypeError, match=r"Write masks > 0\.5"):
        hide(GREY, np.zeros((200, 28, 28)))
    with pytest.raises(TypeError):
        band_masks((2, 8, 8), 2.5, seed=0)


def slow_rows(image, mask):
    """One column at a time, by NumPy's own interpolation."""
    filled = image.copy()
    for column in range(image.shape[1]):
        known = np.flatnonzero(~mask[:, column])
        if len(known):
            lost = np.flatnonzero(mask[:, column])
            filled[lost, column] = np.interp(lost, known, image[known, column])
    return filled


@pytest.mark.parametrize("share", [0, 0.2, 0.6, 0.95, 1])
@pytest.mark.parametrize("channel", [False, True])
def test_interpolated_rows_lie_on_straight_lines(share, channel):
    x = pictures(20).astype("float64")
    masks = random_masks(x.shape, share, seed=3)
    expected = [slow_rows(a, m) for a, m in zip(x, masks, strict=True)]
    given = hide(x, masks)
    expected = [np.where(m.all(axis=0), g, e) for e, m, g in zip(expected, masks, given,
                                                                 strict=True)]  # fmt: skip
    if channel:
        given = given[..., None]
    filled = restoration.interpolate_rows(given, masks)
    assert filled.shape == given.shape
    np.testing.assert_allclose(filled.reshape(x.shape), expected, atol=1e-12)


def test_interpolated_rows_keep_a_column_without_a_known_pixel_and_the_type():
    x = pictures(3)
    masks = np.zeros(x.shape, bool)
    masks[:, :, 2] = True
    filled = restoration.interpolate_rows(x, masks)
    np.testing.assert_array_equal(filled, x)
    assert filled.dtype == np.float32
    colour = np.stack([x, x[::-1], 1 - x], axis=-1)
    masks = random_masks(x.shape, 0.5, seed=4)
    filled = restoration.interpolate_rows(colour, masks)
    for channel in range(3):
        expected = restoration.interpolate_rows(colour[..., channel], masks)
        np.testing.assert_array_equal(filled[..., channel], expected)


@pytest.mark.parametrize("fill", [restoration.interpolate_rows, restoration.biharmonic])
def test_what_fills_asks_for_a_mask_for_each_image(fill):
    with pytest.raises(TypeError, match=r"Write masks > 0\.5"):
        fill(pictures(2), np.zeros((2, 9, 7)))
    with pytest.raises(ValueError, match="one mask for each image"):
        fill(pictures(2), np.zeros((1, 9, 7), bool))


def test_a_straight_line_comes_back_whole():
    ramp = np.broadcast_to(np.linspace(0, 1, 9)[:, None], (3, 9, 5))
    masks = np.zeros((3, 9, 5), bool)
    masks[:, 3:6] = True
    hidden = hide(ramp, masks)
    for fill in (restoration.interpolate_rows, restoration.biharmonic):
        np.testing.assert_allclose(fill(hidden, masks), ramp, atol=1e-6)
    flat = hide(GREY[:2], band_masks((2, 28, 28), 3, seed=0))
    masks = band_masks((2, 28, 28), 3, seed=0)
    np.testing.assert_allclose(restoration.biharmonic(flat, masks), 0.5, atol=1e-5)


def test_median_and_wiener_are_scipys():
    x = pictures(3, 12, 12).astype("float64")
    for size in (3, 5):
        expected = [ndimage.median_filter(a, size) for a in x]
        np.testing.assert_array_equal(restoration.median(x, size), expected)
        for noise in (None, 0.2):
            power = None if noise is None else noise**2
            expected = [signal.wiener(a, size, power) for a in x]
            got = restoration.wiener(x, size, noise)
            np.testing.assert_allclose(got, np.clip(expected, 0, 1), atol=1e-9)
    for size in (4, -1):
        with pytest.raises(ValueError, match="odd"):
            restoration.median(x, size)


def test_a_flat_grey_has_no_noise_for_wiener():
    for grey in (0.0, 0.5):
        flat = np.full((2, 12, 12), grey)
        np.testing.assert_allclose(restoration.wiener(flat)[:, 4:8, 4:8], grey)


def test_deblur_is_wieners_formula():
    """Per frequency: conj(H) / (|H|^2 + balance |L|^2), L the Laplacian's response."""
    x = blur(pictures(2, 24, 24).astype("float64"), 1)
    line = np.exp(-0.5 * (np.arange(-4, 5) / 1.0) ** 2)
    places = np.arange(-4, 5) % 24
    window = np.zeros((24, 24))
    window[np.ix_(places, places)] = np.outer(line, line) / line.sum() ** 2
    h = np.fft.fft2(window)
    wave = 2 * np.cos(2 * np.pi * np.arange(24) / 24)
    laplacian = 4 - wave[:, np.newaxis] - wave
    for balance in (0.01, 0.5):
        gain = np.conj(h) / (np.abs(h) ** 2 + balance * laplacian**2)
        expected = np.clip(np.fft.ifft2(np.fft.fft2(x) * gain).real, 0, 1)
        np.testing.assert_allclose(restoration.deblur(x, 1, balance), expected, atol=1e-9)


def test_what_restores_gives_back_the_shape_and_improves():
    smooth = blur(np.random.default_rng(0).random((4, 28, 28)), 3)
    x = (smooth > np.median(smooth)).astype("float32")[..., None]
    for made, restore in (
        (gaussian_noise(x, 0.3, seed=1), lambda z: restoration.median(z)),
        (gaussian_noise(x, 0.3, seed=1), lambda z: restoration.wiener(z, 3)),
        (gaussian_noise(x, 0.3, seed=1), lambda z: restoration.non_local_means(z, 0.3)),
        (blur(x, 1.5), lambda z: restoration.deblur(z, 1.5, 0.003)),
    ):
        kept = made.copy()
        restored = restore(made)
        assert restored.shape == x.shape and restored.dtype == x.dtype
        np.testing.assert_array_equal(made, kept)
        assert np.mean((restored - x) ** 2) < np.mean((made - x) ** 2)
    with pytest.raises(ValueError, match="grey images"):
        restoration.median(np.zeros((2, 4, 4, 3)))
    with pytest.raises(ValueError, match="grey images"):
        restoration.median(np.zeros((0, 4, 4)))
    with pytest.raises(TypeError, match="Divide by 255"):
        restoration.wiener(np.zeros((2, 4, 4), int))
    with pytest.raises(TypeError, match="Divide by 255"):
        restoration.interpolate_rows(np.zeros((2, 4, 4), "uint8"), np.zeros((2, 4, 4), bool))
    for sigma in (0, -1):
        with pytest.raises(ValueError, match=f"sigma must be above 0. Received: {sigma}"):
            restoration.deblur(x, sigma, 0.1)
    with pytest.raises(ValueError, match="must fit into the picture: 25 pixels for sigma 3"):
        restoration.deblur(np.zeros((1, 9, 28)), 3, 0.01)
