"""course.data.flights and course.data.paths: the motion model as documented, seeds, forms."""

import numpy as np
import pytest

from course.data import cache, flights, load_flights
from course.data.arguments import count
from course.data.flights import CLASSES, FIXES, simulate_flights
from course.data.paths import draw_paths, standardise


@pytest.fixture(scope="module")
def many():
    return simulate_flights(4_000, seed=0)


def of(many, kind):
    """The true paths of one kind and their seconds a step."""
    here = many.kinds == CLASSES.index(kind)
    return many.true[here].astype(float), many.steps[here]


def speeds(paths, steps):
    """Metres a second between fixes, one by one."""
    return np.linalg.norm(np.diff(paths, axis=1), axis=2) / steps[:, None]


def back(many, kind):
    """The true paths of one kind, turned back by their angle, from the first fix on."""
    here = many.kinds == CLASSES.index(kind)
    c, s = np.cos(many.angles[here]), np.sin(many.angles[here])
    turn = np.stack([np.stack([c, s], -1), np.stack([-s, c], -1)], axis=1)
    paths = many.true[here].astype(float)
    return np.einsum("nij,ntj->nti", turn, paths - paths[:, :1])


def test_shapes_types_and_shares(many):
    assert many.paths.shape == many.true.shape == (4_000, FIXES, 2)
    assert many.paths.dtype == many.true.dtype == np.float32
    assert many.kinds.dtype == np.int64
    assert np.isfinite(many.paths).all()
    share = np.bincount(many.kinds, minlength=4) / 4_000
    assert share.min() > 0.22 and share.max() < 0.28
    comb = many.kinds == 0
    np.testing.assert_allclose(many.steps[comb], 1 / 30)
    assert (many.steps[~comb] == 1).all()


@pytest.mark.parametrize("n", [0, 1, 999, 1_000, 1_001])
def test_the_first_flights_are_the_same_whatever_n_is(many, n):
    for whole, part in zip(many, simulate_flights(n, seed=0), strict=True):
        assert len(part) == n
        np.testing.assert_array_equal(part, whole[:n])


@pytest.mark.parametrize("seed", [1, 2**32])
def test_seeds_share_nothing(many, seed):
    here = {path.tobytes() for path in simulate_flights(2_000, seed).paths}
    assert not here & {path.tobytes() for path in many.paths}


def test_no_flight_comes_twice(many):
    assert len({path.tobytes() for path in many.paths}) == len(many.paths)


def test_the_jitter_is_as_documented(many):
    spread = (many.paths - many.true).std(axis=(1, 2))
    comb = many.kinds == 0
    # 256 numbers tell a standard deviation to about 4.4 %; 5 of these are 22 %.
    for here, low, high in ((comb, 0.2e-3, 1.2e-3), (~comb, 0.5, 5)):
        assert low * 0.75 < spread[here].min() < low * 1.3
        assert high * 0.85 < spread[here].max() < high * 1.25


def test_a_dance_stays_on_the_comb_and_waggles_at_its_pace(many):
    paths, steps = of(many, "dance")
    assert np.ptp(paths, axis=1).max() < 0.06  # metres
    # A run of 22 mm at most, a half ellipse 12 mm wide in 1.2 s: pi * 12 / 1.2 mm/s and the waggle.
    assert speeds(paths, steps).max() < 0.3
    spectrum = np.abs(np.fft.rfft(np.diff(back(many, "dance")[..., 1], axis=1), axis=1)) ** 2
    hertz = np.fft.rfftfreq(FIXES - 1, 1 / 30)
    band = spectrum[:, (hertz > 11.5) & (hertz < 14.5)].sum(axis=1)
    beside = spectrum[:, (hertz > 7) & (hertz < 10)].sum(axis=1)
    assert np.mean(band > 5 * beside) > 0.9


def test_waggle_runs_point_where_the_angle_says(many):
    paths = back(many, "dance")
    step = np.diff(paths, axis=1)
    # While it waggles, a bee swings from side to side: the turns of y change sign at each fix.
    swing = step[:, 1:, 1] * step[:, :-1, 1] < 0
    along = np.array([s[1:, 0][w].sum() for s, w in zip(step, swing, strict=True)])
    assert np.mean(along > 0) > 0.95  # runs go forward along +x, loops come back without a waggle


def test_a_dance_has_its_measures():
    """Medians and means over 2,000 dances; the bounds hold the numbers of two seeds and a tenth."""
    paths = flights._dance(np.random.default_rng(0), 2_000)
    assert abs(paths[..., 1].mean()) < 1e-3  # loops go left and right by turns
    assert 0.012 < np.median(np.abs(paths[..., 1]).max(axis=1)) < 0.015
    assert 0.013 < np.median(np.ptp(paths[..., 0], axis=1)) < 0.0165
    step = np.diff(paths, axis=1)
    swing = step[:, 1:, 1] * step[:, :-1, 1] < 0
    runs = np.stack([s[1:][w].sum(axis=0) for s, w in zip(step, swing, strict=True)])
    assert 0.17 < np.arctan2(runs[:, 1], runs[:, 0]).std() < 0.24


def test_a_patch_and_a_rest_have_their_size(many):
    rest = np.mean(speeds(*of(many, "transit")) < 1e-3, axis=1)
    assert 0.35 < rest.max() < 0.41
    paths, steps = of(many, "foraging")
    still = speeds(paths, steps) < 0.01
    spread = [p[1:][s].std(axis=0).mean() for p, s in zip(paths, still, strict=True) if s.any()]
    assert 12 < np.median(spread) < 16


def test_foraging_goes_out_rests_and_comes_back(many):
    paths, steps = of(many, "foraging")
    speed = speeds(paths, steps)
    still = np.mean(speed < 0.01, axis=1)  # sitting on flowers
    assert 0.2 < np.median(still) < 0.5 and still.min() > 0.02 and still.max() < 0.7
    far = np.linalg.norm(paths - paths[:, :1], axis=2).max(axis=1)
    home = np.linalg.norm(paths[:, -1] - paths[:, 0], axis=1)
    assert np.mean(home < far) > 0.85  # a record may end in the patch
    assert np.median(home) < 0.6 * np.median(far)
    out = speed[:, :5].mean(axis=1)  # on the way to the patch
    assert 4 < np.median(out) < 6.5


def test_transit_flies_at_its_speed_and_some_rest(many):
    paths, steps = of(many, "transit")
    speed = speeds(paths, steps)
    assert abs(np.median(speed.max(axis=1)) - 5.5) < 0.5
    resting = np.mean((speed < 1e-3).any(axis=1))
    assert 0.34 < resting < 0.46  # 4 in 10, 1,000 flights: 5 sigmas are 0.08
    assert np.mean(np.linalg.norm(paths[:, -1] - paths[:, 0], axis=1) > 100) > 0.9


def test_search_flies_straight_pieces_of_power_law_length():
    rng = np.random.default_rng(0)
    paths = flights._search(rng, 500)
    step = np.diff(paths, axis=1)
    speed = np.linalg.norm(step, axis=2)
    assert speed.max() < 6 + 1e-9
    full = speed.max(axis=1)
    assert full.min() > 2.9
    # Inside a straight piece two steps are the same vector; at a corner they are not.
    same = np.linalg.norm(np.diff(step, axis=1), axis=2) < 1e-9
    assert 0.2 < same.mean() < 0.9
    # 4 in 10 come in a straight line of a tenth of the record or more; few others begin with one.
    coming = same[:, :11].all(axis=1).mean()
    assert 0.33 < coming < 0.6


@pytest.mark.parametrize(("mu", "low", "high"), [(1.4, 2, 200), (2.0, 5, 200), (2.4, 6, 50)])
def test_pieces_follow_the_power_law(mu, low, high):
    """Shares below some lengths against the integral of the density, by the trapezium rule."""
    u = (np.arange(100_000) + 0.5) / 100_000
    lengths = flights._power_law(u, mu, low, high)
    assert lengths.min() >= low and lengths.max() <= high
    grid = np.geomspace(low, high, 20_001)
    parts = np.diff(grid) * (grid[1:] ** -mu + grid[:-1] ** -mu) / 2
    below = np.concatenate([[0], np.cumsum(parts)]) / parts.sum()
    for at in (1.5 * low, 3 * low, high / 2):
        assert np.mean(lengths < at) == pytest.approx(np.interp(at, grid, below), abs=1e-3)


def test_places_directions_and_mirrors_are_chance(many):
    angles = many.angles
    assert abs(np.exp(1j * angles).mean()) < 0.06
    field = many.kinds == 1
    middle = many.true[field].mean(axis=1)
    assert np.abs(middle).max() > 400
    start = np.abs(of(many, "search")[0][:, 0])
    assert 490 < start.max() < 501
    assert 0.1 < np.abs(of(many, "dance")[0].mean(axis=1)).max() < 0.14
    c = back(many, "transit")
    bent = np.sign(c[:, -1, 1])
    assert abs(bent.mean()) < 0.2


def test_load_flights_labels_a_few_and_none_else(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    (x, y), (xt, yt), classes = load_flights(labelled=30, unlabelled=50, test=20)
    assert classes == ("dance", "foraging", "transit", "search")
    assert x.shape == (80, 128, 2) and xt.shape == (20, 128, 2)
    assert (y[:30] >= 0).all() and (y[30:] == -1).all() and (yt >= 0).all()
    assert "30 with a label, 50 without, 20 to test" in capsys.readouterr().out
    (file,) = tmp_path.glob("*.npz")  # the labels of the unlabelled are in no file
    with np.load(file) as stored:
        np.testing.assert_array_equal(stored["y_train"][30:], -1)
    monkeypatch.setattr(flights, "simulate_flights", None)  # the second time from the cache
    again = load_flights(labelled=30, unlabelled=50, test=20)
    np.testing.assert_array_equal(again[0][0], x)
    np.testing.assert_array_equal(again[1][1], yt)


def test_training_and_test_share_no_flight(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    seen = set()
    for seed in (0, 1):
        (x, _), (xt, _), _ = load_flights(
            labelled=10, unlabelled=2_000, test=2_000, seed=seed, say=lambda line: None
        )
        for part in (x, xt):
            here = {path.tobytes() for path in part}
            assert not here & seen  # nor with the parts of another seed
            seen |= here


def test_a_changed_simulator_is_not_taken_from_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    numbers = dict(labelled=1, unlabelled=1, test=1, say=lambda line: None)
    load_flights(**numbers)
    monkeypatch.setattr(flights, "_version", lambda: "another")
    load_flights(**numbers)
    names = [path.name for path in cache.cache_dir().glob("*.npz")]
    assert names == ["flights-another-1-1-1-0.npz"]  # the old file is gone


@pytest.mark.parametrize("name", ["labelled", "unlabelled", "test", "seed"])
@pytest.mark.parametrize(
    ("value", "error"), [(-1, ValueError), (2.0, TypeError), (None, TypeError), (True, TypeError)]
)
def test_bad_arguments_are_named(name, value, error):
    with pytest.raises(error, match=rf"`{name}` must be an int >= 0.*Received: {value!r}"):
        load_flights(**{name: value})


def test_a_number_of_numpys_becomes_an_int():
    assert type(count("n", np.int64(3))) is int


def turned(paths, angle, scale, move):
    c, s = np.cos(angle), np.sin(angle)
    return scale * (paths @ np.array([[c, s], [-s, c]])) + move


def test_standardise_forgets_place_size_and_direction(many):
    form = standardise(many.paths[:200])
    assert form.shape == (200, FIXES, 2) and form.dtype == np.float32
    moved = turned(many.paths[:200].astype(float), 1.2345, 37.0, (5, -8))
    np.testing.assert_allclose(standardise(moved), form, atol=2e-3)
    np.testing.assert_allclose(form.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose((form**2).sum(axis=2).mean(axis=1), 1, atol=1e-5)
    assert (form[:, 64:, 0].mean(axis=1) >= form[:, :64, 0].mean(axis=1) - 1e-5).all()
    assert ((form[..., 0] ** 2).sum(axis=1) >= (form[..., 1] ** 2).sum(axis=1) - 1e-3).all()
    mirrored = standardise(many.paths[:200] * [1, -1])
    np.testing.assert_allclose(mirrored, form * [1, -1], atol=2e-3)  # a mirror image stays one
    bend = np.array(
        [[[0, 0], [5, 0], [9, 1], [10, 5]]], dtype=float
    )  # to the left, before and after
    (a, b, c, d) = standardise(turned(bend, 2.0, 1, 0))[0]
    assert np.cross([*(b - a), 0], [*(d - c), 0])[2] > 0


def test_standardise_treats_each_path_alone(many):
    whole = standardise(many.paths[:50])
    np.testing.assert_array_equal(standardise(many.paths[7:8]), whole[7:8])


def test_a_drawn_path_is_ink_where_the_bee_was():
    line = np.stack([np.linspace(0, 1, 50), np.linspace(0, 1, 50)], axis=1)
    (picture,) = draw_paths(line[None], size=28)
    assert picture.shape == (28, 28, 1) and picture.dtype == np.float32
    assert picture.min() >= 0 and 0.9 < picture.max() <= 1
    ink = picture[..., 0]
    rows, columns = np.nonzero(ink > 0.5)
    assert np.abs(rows + columns - 27).max() <= 2, "the line rises to the right, y grows upwards"
    assert rows.min() in (1, 2) and rows.max() in (25, 26), "the margin is two pixels"
    # Half as wide as high, three fixes far apart: proportions are kept, gaps filled, ends drawn.
    corner = np.array([[[0.0, 0], [0, 8], [4, 8]]])
    rows, columns = np.nonzero(draw_paths(corner, size=28)[0, ..., 0] > 0.2)
    assert np.ptp(rows) >= 23 and 11 <= np.ptp(columns) <= 15
    near = draw_paths(np.array([[[0.0, 0], [6, 0]]]), size=14)[0, ..., 0]
    assert np.sum(near.max(axis=0) > 0.5) >= 4


def test_a_path_of_one_point_is_a_dot_in_the_middle():
    picture = draw_paths(np.full((1, 5, 2), 0.1), size=9)[0, ..., 0]
    assert np.unravel_index(picture.argmax(), (9, 9)) == (4, 4)
    assert picture[4, 4] > 0.9 and picture[0].max() < 1e-3


def test_where_the_pen_comes_twice_ink_is_less_than_double():
    once, twice = draw_paths(np.array([[[0.0, 0], [1, 0]], [[0, 0], [0, 0]]]), size=28)[..., 0]
    assert once[:, 2].max() < twice.max() < 1


def test_a_drawn_path_does_not_depend_on_place_and_size(many):
    paths = many.paths[many.kinds > 0][:20].astype(float)
    np.testing.assert_allclose(draw_paths(paths * 3 + [4, 5]), draw_paths(paths), atol=1e-4)
    assert draw_paths(paths, size=48).shape == (20, 48, 48, 1)


@pytest.mark.parametrize("function", [standardise, draw_paths])
def test_what_is_no_path_is_refused(function):
    for shape in ((3, 5), (3, 5, 3), (3, 1, 2)):
        with pytest.raises(ValueError, match=r"\(n, t, 2\).*Received: shape"):
            function(np.zeros(shape))
    with pytest.raises(ValueError, match="finite"):
        function(np.full((1, 4, 2), np.nan))


def test_a_path_of_one_point_has_no_form():
    with pytest.raises(ValueError, match="Path 1 has one"):
        standardise(np.stack([np.eye(2), np.ones((2, 2))]))
    with pytest.raises(ValueError, match="Path 0 has one"):
        standardise(np.full((1, 7, 2), 0.1))  # whose mean is not 0.1 in floats
    with pytest.raises(ValueError, match="at least 8 pixels"):
        draw_paths(np.zeros((1, 4, 2)), size=7)
