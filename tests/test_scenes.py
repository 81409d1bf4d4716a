"""course.data.scenes: masks that are exact, classes that grey levels do not tell, and loading."""

import math
import subprocess
import sys

import numpy as np
import pytest

from course.data import load_scenes, scenes
from course.data.drawn import draw_digits
from course.data.scenes import CLASSES, draw_scenes

SIZES = [(64, 64), (96, 128), (33, 50)]


@pytest.fixture(scope="module")
def clean():
    """600 scenes without noise."""
    return draw_scenes(600, seed=3, noise=0)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache é"))
    return tmp_path / "cache é"


@pytest.mark.parametrize("size", SIZES)
def test_shapes_and_types(size):
    got = draw_scenes(7, seed=0, size=size)
    assert got.images.shape == got.masks.shape == got.owners.shape == (7, *size)
    assert got.kinds.shape == got.areas.shape
    assert all(part.dtype == np.uint8 for part in got[:4])
    assert got.masks.max() <= 5 and got.owners.max() <= got.kinds.shape[1]


def ink_at(glyph, x, y):
    """The glyph's ink at a point between its pixels, 0 outside; x to the right, y down."""
    i, j = math.floor(y), math.floor(x)
    total = 0.0
    for row, by_row in ((i, 1 - (y - i)), (i + 1, y - i)):
        for column, by_column in ((j, 1 - (x - j)), (j + 1, x - j)):
            if 0 <= row < 28 and 0 <= column < 28:
                total += by_row * by_column * int(glyph[row, column])
    return total


def covers(kind, glyph, down, right, radius, angle, hole):
    """By how much an object covers a point, plain geometry: above 0 inside, below 0 outside."""
    if kind == "digit":
        return ink_at(glyph, 13.5 + right / radius * 9.7, 13.5 + down / radius * 9.7) - 127.5
    distance = math.hypot(down, right) / radius
    if kind in ("disc", "ring"):
        return 1 - distance if kind == "disc" else min(1 - distance, distance - hole)
    # Each side is a line at a right angle to its own direction.
    number, first = (4, 0) if kind == "square" else (3, math.pi / 2)
    inner = 0.85 if kind == "square" else 0.65
    sides = [angle + first + 2 * math.pi * i / number for i in range(number)]
    return inner - max(right * math.cos(a) + down * math.sin(a) for a in sides) / radius


@pytest.mark.parametrize("size", SIZES)
def test_owners_and_masks_are_those_of_a_painter_who_goes_pixel_by_pixel(size):
    got = draw_scenes(2, seed=4, size=size, noise=0)
    plan = scenes._plan(4, 0, size)
    glyphs = iter(draw_digits(100, seed=4)[0])
    for i in range(2):
        owners = np.zeros(size, int)
        unsure = np.zeros(size, bool)  # float32 may see a point on the border on the other side
        for j, kind in enumerate(got.kinds[i]):
            if not kind:
                continue
            glyph = next(glyphs) if CLASSES[kind] == "digit" else None
            row, column, *rest = (
                plan[k][i, j] for k in ("row", "column", "radius", "angle", "hole")
            )
            area = 0
            for y, x in np.ndindex(size):
                by = covers(CLASSES[kind], glyph, y - row, x - column, *rest)
                unsure[y, x] |= abs(by) < (0.01 if kind == 1 else 1e-5)
                if by >= 0:
                    owners[y, x] = j + 1
                    area += 1
            assert abs(area - got.areas[i, j]) <= unsure.sum()
        assert unsure.mean() < 0.002
        np.testing.assert_array_equal(got.owners[i][~unsure], owners[~unsure])


def test_a_mask_is_the_class_of_the_owner(clean):
    for mask, owners, kinds in zip(clean.masks, clean.owners, clean.kinds, strict=True):
        expected = [0, *kinds.tolist()]
        assert all(set(mask[owners == j]) <= {expected[j]} for j in range(len(expected)))


def test_an_object_is_one_grey_and_the_paper_a_plane(clean):
    rows, columns = np.mgrid[-1:1:64j, -1:1:64j]
    plane = np.stack([np.ones(4096), rows.ravel(), columns.ravel()], axis=1)
    slopes = []
    for image, owners in zip(clean.images, clean.owners, strict=True):
        for owner in range(1, owners.max() + 1):
            assert len(set(image[owners == owner].tolist())) <= 1
        paper, grey = owners.ravel() == 0, image.ravel().astype(float)
        fitted = plane @ np.linalg.lstsq(plane[paper], grey[paper], rcond=None)[0]
        assert np.abs(fitted - grey)[paper].max() < 1  # rounded to whole steps of 255
        for owner in range(1, owners.max() + 1):
            if np.any(owners == owner):
                middle = fitted.mean()  # the gradient's mean is the paper's level
                assert abs(image[owners == owner][0] - middle) > 0.25 * 255 - 2
        slopes.append(np.linalg.lstsq(plane[paper], grey[paper], rcond=None)[0][1:] / 255)
    slopes = np.array(slopes)
    assert np.abs(slopes).max() < 0.051  # so a corner differs from the middle by at most 0.1
    np.testing.assert_allclose(np.abs(slopes).mean(axis=0), 0.025, atol=0.002)
    assert np.abs(slopes.mean(axis=0)).max() < 0.005


def test_a_later_object_hides_an_earlier_one(clean):
    visible = np.stack(
        [(clean.owners == j + 1).sum(axis=(1, 2)) for j in range(clean.kinds.shape[1])], axis=1
    )
    assert (visible <= clean.areas).all()
    there = clean.kinds > 0
    last = there.sum(axis=1) - 1
    everyone = np.arange(len(last))
    np.testing.assert_array_equal(visible[everyone, last], clean.areas[everyone, last])
    assert (clean.areas[~there] == 0).all()
    assert 0.1 < np.mean(visible[there] < 0.95 * clean.areas[there]) < 0.5  # but it does happen


def test_shapes_are_what_they_are_called(clean):
    """Area squared over the polar second moment, closed forms: no pixel of the outline enters."""
    bands = {"disc": (6.1832, 6.3832), "square": (5.9, 6.1), "triangle": (4.95, 5.45)}
    bands["ring"] = (2 * math.pi * 0.5775 / 1.4225 - 0.15, 2 * math.pi * 0.7975 / 1.2025 + 0.15)
    seen = dict.fromkeys(bands, 0)
    for owners, kinds in zip(clean.owners, clean.kinds, strict=True):
        top = np.count_nonzero(kinds)
        rows, columns = np.nonzero(owners == top)
        name = CLASSES[kinds[top - 1]]
        whole = len(rows) and min(rows.min(), columns.min()) > 0 < 63 - max(*rows, *columns)
        if name == "digit" or not whole:
            continue
        moment = np.sum((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2 + 1 / 6)
        low, high = bands[name]
        assert low < len(rows) ** 2 / moment < high, name
        seen[name] += 1
    assert min(seen.values()) > 20


def test_counts_and_shares_are_as_said(clean):
    number = (clean.kinds > 0).sum(axis=1)
    assert set(number.tolist()) == {3, 4, 5, 6}
    share = np.bincount(clean.kinds.ravel(), minlength=6)[1:] / number.sum()
    np.testing.assert_allclose(share, [1 / 3] + [1 / 6] * 4, atol=0.04)
    wide = draw_scenes(200, seed=0, size=(128, 128)).kinds
    assert set((wide > 0).sum(axis=1).tolist()) == set(range(12, 25))


def test_grey_does_not_tell_the_class(clean):
    tops = [np.count_nonzero(kinds) for kinds in clean.kinds]
    greys = {name: [] for name in CLASSES[1:]}
    for image, owners, kinds, top in zip(
        clean.images, clean.owners, clean.kinds, tops, strict=True
    ):
        pixels = image[owners == top]
        if len(pixels):
            greys[CLASSES[kinds[top - 1]]].append(int(pixels[0]))
    for name, levels in greys.items():
        others = [v for other, values in greys.items() if other != name for v in values]
        grid = np.arange(256)
        mine, theirs = (
            np.searchsorted(np.sort(a), grid, "right") / len(a) for a in (levels, others)
        )
        # Kolmogorov and Smirnov: exceeded once in a thousand times if the levels are alike.
        limit = 1.95 * math.sqrt(1 / len(levels) + 1 / len(others))
        assert np.abs(mine - theirs).max() < limit, name


def test_noise_is_as_asked_and_changes_nothing_else(clean):
    noisy = draw_scenes(600, seed=3, noise=0.04)
    for part in ("masks", "owners", "kinds", "areas"):
        np.testing.assert_array_equal(getattr(noisy, part), getattr(clean, part))
    middle = (clean.images > 60) & (clean.images < 195)  # away from where it is clipped
    added = (noisy.images.astype(float) - clean.images)[middle] / 255
    assert abs(added.std() - 0.04) < 0.0005 and abs(added.mean()) < 0.0005
    again = draw_scenes(600, seed=3)
    assert abs((again.images.astype(float) - clean.images)[middle].std() / 255 - 0.05) < 0.0005


@pytest.mark.parametrize("n", [0, 1, 249, 250, 251])
def test_the_first_scenes_are_the_same_whatever_n_is(n):
    whole, part = draw_scenes(300, seed=5), draw_scenes(n, seed=5)
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[:n], b)


def test_no_two_scenes_are_the_same():
    images = np.concatenate([draw_scenes(300, seed, noise=0).images for seed in (0, 1, 2**32)])
    assert len({image.tobytes() for image in images}) == 900


def test_loaded_scenes_are_those_drawn(cache):
    lines = []
    (x, y), (xt, yt), classes = load_scenes(train=30, test=20, seed=2, say=lines.append)
    assert classes == CLASSES
    for got, masks, seed, n in ((x, y, 4, 30), (xt, yt, 5, 20)):
        drawn = draw_scenes(n, seed)
        assert got.dtype == np.float32 and masks.dtype == np.int32
        np.testing.assert_allclose(got[..., 0], drawn.images / 255, atol=1e-7)
        np.testing.assert_array_equal(masks, drawn.masks)
    assert lines == [
        "Drawing 50 scenes, about 1 s, once.",
        "Scenes: 30 + 20 of 64x64 pixels",
    ]


def test_a_second_load_draws_nothing(cache, monkeypatch):
    first = load_scenes((32, 40), train=3, test=2, say=[].append)
    monkeypatch.setattr(scenes, "draw_scenes", None)
    second = load_scenes((32, 40), train=3, test=2, say=[].append)
    for a, b in zip(first[:2], second[:2], strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], b[1])
    for other in ({"seed": 1}, {"train": 4}, {"test": 3}):
        with pytest.raises(TypeError, match="NoneType"):  # it has to draw
            load_scenes((32, 40), **{"train": 3, "test": 2, **other}, say=[].append)


def test_scenes_of_an_older_generator_are_removed(cache, monkeypatch):
    load_scenes((32, 32), train=1, test=1, say=[].append)
    (old,) = cache.glob("scenes-*.npz")
    monkeypatch.setattr(scenes, "_version", lambda: "another")
    load_scenes((32, 32), train=1, test=1, say=[].append)
    (new,) = cache.glob("scenes-*.npz")
    assert new != old


def test_nothing_to_train_on(cache):
    (x, y), (xt, _), _ = load_scenes((32, 64), train=0, test=2, say=[].append)
    assert x.shape == (0, 32, 64, 1) and y.shape == (0, 32, 64)
    assert xt.shape == (2, 32, 64, 1)


def test_numbers_of_numpy_are_welcome():
    a = draw_scenes(np.int64(2), np.uint8(4), np.array([32, 48]), np.float32(0.05))
    np.testing.assert_array_equal(a.masks, draw_scenes(2, 4, (32, 48), 0.05).masks)


@pytest.mark.parametrize("size", [64, (64,), (64, 64, 1), "64", (64.0, 64), None, "ab"])
def test_a_size_of_another_kind(size):
    with pytest.raises(TypeError, match=r"`size` must be \(height, width\), two ints.*Received"):
        draw_scenes(1, 0, size)


@pytest.mark.parametrize("size", [(31, 64), (64, 257), (0, 0), (-64, 64)])
def test_a_size_out_of_range(size):
    with pytest.raises(ValueError, match=r"from 32 to 256.*Received"):
        draw_scenes(1, 0, size)


@pytest.mark.parametrize(
    ("value", "error"),
    [(-1, ValueError), (2.0, TypeError), ("3", TypeError), (None, TypeError), (True, TypeError)],
)
@pytest.mark.parametrize("name", ["n", "seed", "train", "test"])
def test_bad_numbers_are_named(name, value, error):
    call = draw_scenes if name == "n" else load_scenes
    arguments = {"seed": 0} | {name: value} if name == "n" else {name: value}
    with pytest.raises(error, match=rf"`{name}` must be an int >= 0.*Received: {value!r}"):
        call(**arguments)


@pytest.mark.parametrize(
    ("noise", "error"),
    [(-0.1, ValueError), (math.nan, ValueError), (math.inf, ValueError), ("1", TypeError)],
)
def test_bad_noise_is_named(noise, error):
    with pytest.raises(error, match="`noise` must be a number >= 0"):
        draw_scenes(1, 0, noise=noise)


def test_scenes_need_no_network_and_no_keras():
    code = (
        "import socket, sys\n"
        "sys.modules['keras'] = sys.modules['tensorflow'] = None\n"
        "from course.data.scenes import draw_scenes\n"
        "socket.socket = socket.getaddrinfo = None\n"
        "print(draw_scenes(2, 0).images.shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "(2, 64, 64)"
