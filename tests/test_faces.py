"""course.data.faces: each factor does what its name says, and nothing else; the cache is honest."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

from course.data import faces, load_faces
from course.data.face_painting import LOOKS
from course.data.faces import FACTORS, RANGES, draw_face, draw_factors, factors_of

BOTH = pytest.mark.parametrize("character", ["A", "B"])


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    return tmp_path


def face(character, **values):
    return draw_face(character, factors_of(**values))[0]


EYES = np.s_[19:37, 10:54]
BROWS = np.s_[12:25, 12:52]
MOUTH = np.s_[36:57, 18:46]


def moved(before, after, window):
    """How far dark matter moved down and right, in pixels times darkness; only the sign counts."""
    change = (before - after).mean(axis=-1)[window]
    change = change - change.mean()
    rows, columns = np.indices(change.shape)
    return (rows * change).sum(), (columns * change).sum()


@BOTH
def test_shapes_and_values(character):
    images = draw_face(character, draw_factors(40, 0))
    assert images.shape == (40, 64, 64, 3) and images.dtype == np.float32
    assert images.min() >= 0 and images.max() <= 1 and np.isfinite(images).all()
    assert (images.std(axis=(1, 2, 3)) > 0.1).all()


def test_factors_are_uniform_and_independent():
    drawn = draw_factors(4000, 1)
    low, high = np.transpose([RANGES[name] for name in FACTORS])
    assert (drawn >= low).all() and (drawn <= high).all()
    share = (drawn - low) / (high - low)
    np.testing.assert_allclose(np.quantile(share, [0.25, 0.5, 0.75], axis=0).T - [0.25, 0.5, 0.75],
                               0, atol=0.04)  # fmt: skip
    off = np.corrcoef(share.T) - np.eye(len(FACTORS))
    assert np.abs(off).max() < 0.07


@BOTH
def test_every_factor_shows_and_none_is_random(character):
    base = face(character, mouth=0.4, smile=0.2)
    np.testing.assert_array_equal(base, face(character, mouth=0.4, smile=0.2))
    for name, (low, high) in RANGES.items():
        values = {"mouth": 0.4, "smile": 0.2} | {name: high if name != "scale" else low}
        assert np.abs(face(character, **values) - base).max() > 0.1, name


@BOTH
def test_a_face_does_not_depend_on_its_neighbours(character):
    factors = draw_factors(faces.CHUNK + 3, 5)
    whole = draw_face(character, factors)
    for i in (0, 7, len(factors) - 1):
        np.testing.assert_array_equal(whole[i], draw_face(character, factors[i : i + 1])[0])


@BOTH
def test_right_and_down_move_the_head_by_pixels(character):
    base = face(character, strength=0.5)
    inner = np.s_[16:48, 16:48]
    right, down = face(character, right=2), face(character, down=-1)
    np.testing.assert_allclose(right[16:48, 18:50], base[inner], atol=2e-3)
    np.testing.assert_allclose(down[15:47, 16:48], base[inner], atol=2e-3)


@BOTH
def test_roll_and_scale_turn_and_grow_the_picture(character):
    """Against the same picture, turned by an independent resampler. Light is of the head's side,
    so it comes from the front here, and shadows are as weak as they get."""
    from scipy.ndimage import affine_transform

    still = {"light": 0, "strength": 0.0}
    base = face(character, **still)
    angle, size = np.deg2rad(10), 1.25
    for values, matrix in (
        ({"roll": 10}, [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]),
        ({"scale": size}, np.eye(2) / size),
    ):
        middle = np.array([31.5 - 2.56, 31.5])  # the head's, a little above the picture's
        offset = middle - matrix @ middle
        turned = np.stack(
            [affine_transform(base[..., k], matrix, offset, order=1) for k in range(3)], axis=-1
        )
        got = face(character, **still, **values)
        window = np.s_[14:48, 18:46]
        turned_by, stayed = np.abs(got - turned)[window].mean(), np.abs(got - base)[window].mean()
        assert turned_by < 0.4 * stayed, values


@BOTH
def test_a_head_turns_the_way_it_says_and_the_face_stays_in_the_middle(character):
    """The face is held still, so the paper shows up where the head turns to."""

    def paper(**values):
        bright = face(character, strength=0, **values)[:40].min(axis=-1) > 0.8
        return np.array([bright[:, :8].sum(), bright[:, -8:].sum()])

    def shoulders(**values):
        """A bowed head shows more of what is under the chin."""
        gap = np.abs(face(character, strength=0, **values)[50:] - LOOKS[character]["cloth"])
        return np.sum(gap.max(axis=-1) < 0.1)

    assert paper(yaw=30)[1] > paper()[1] + 50 and paper(yaw=-30)[0] > paper()[0] + 50
    assert paper(yaw=30)[0] <= paper()[0] and paper(yaw=-30)[1] <= paper()[1]
    assert shoulders(pitch=14) > shoulders(pitch=5) + 20 and shoulders(pitch=-14) == 0
    lips = np.array(LOOKS[character]["lips"])
    for values in ({}, {"yaw": 25}, {"yaw": -25}, {"pitch": 12}, {"pitch": -12}):
        window = face(character, strength=0, **values)[36:54, 16:48]
        red = np.clip(0.08 - np.abs(window - lips).max(axis=-1), 0, None)
        rows, columns = np.indices(red.shape)
        assert abs((columns * red).sum() / red.sum() + 16 - 31.5) < 5, values
        assert abs((rows * red).sum() / red.sum() + 36 - 44.5) < 3, values


@BOTH
def test_gaze_moves_the_pupils_alone(character):
    base = face(character)
    for step in (0.5, -0.5):
        down, right = moved(base, face(character, gaze_right=step), EYES)
        assert right * step > 0.5 and abs(down) < 0.2 * abs(right)
        down, right = moved(base, face(character, gaze_down=step), EYES)
        assert down * step > 0.2 and abs(right) < 0.2 * abs(down)
    changed = np.abs(face(character, gaze_right=1) - base).max(axis=-1) > 1e-6
    changed[EYES] = False
    assert not changed.any()


@BOTH
def test_eyes_mouth_brows_and_smile(character):
    def amount(window, colour, **values):
        """How much of the window has about that colour."""
        gap = np.abs(face(character, strength=0, **values)[window] - colour).max(axis=-1)
        return np.clip(0.25 - gap, 0, None).sum()

    white = [amount(EYES, (0.97, 0.97, 0.95), eyes=eyes) for eyes in (0.25, 0.5, 1)]
    dark = [amount(MOUTH, (0.28, 0.07, 0.08), mouth=mouth) for mouth in (0.2, 0.6, 1)]
    assert white[0] < white[1] < white[2] and dark[0] < dark[1] < dark[2]
    base = face(character, strength=0)
    for step in (0.4, -0.4):
        down, right = moved(base, face(character, strength=0, brows=step), BROWS)
        assert down * step < -0.5 and abs(right) < 0.3 * abs(down)
        corner = np.s_[38:54, 23:27]  # a smile lifts the corners of the mouth
        down, _ = moved(base, face(character, strength=0, smile=step), corner)
        assert down * step < -0.05


@BOTH
def test_light_comes_from_where_it_says(character):
    def side(light, strength=0.8):
        image = face(character, light=light, strength=strength)[30:46]
        return image[:, 36:44].mean() - image[:, 20:28].mean()

    assert side(60) > 0.05 and side(-60) < -0.05
    assert abs(side(60, 0.2)) < abs(side(60, 0.8))


def test_a_mirrored_pose_is_the_mirrored_picture():
    """A is the same on both sides, but for the glint in the eyes."""
    factors = draw_factors(20, 3)
    other = factors.copy()
    for name in ("yaw", "roll", "right", "gaze_right", "light"):
        other[:, FACTORS.index(name)] *= -1
    gap = np.abs(draw_face("A", other)[:, :, ::-1] - draw_face("A", factors))
    assert gap.mean() < 0.004 and (gap > 0.1).mean() < 0.006


def test_the_two_differ_and_keep_their_colours():
    factors = draw_factors(60, 9)
    a, b = draw_face("A", factors), draw_face("B", factors)
    assert np.mean((a - b) ** 2) > 0.03
    for images, hair in ((a, LOOKS["A"]["hair"]), (b, LOOKS["B"]["hair"])):
        top = images[:, 2:6, 28:36].mean(axis=(0, 1, 2))
        assert np.corrcoef(top, hair)[0, 1] > 0.9


def test_ranges_can_be_narrowed_and_held():
    drawn = draw_factors(500, 0, yaw=(30, 40), smile=(1, 1))
    yaw, smile = drawn[:, FACTORS.index("yaw")], drawn[:, FACTORS.index("smile")]
    assert 30 <= yaw.min() < 31 and 39 < yaw.max() <= 40 and (smile == 1).all()
    free = draw_factors(500, 0)
    others = [i for i, name in enumerate(FACTORS) if name not in ("yaw", "smile")]
    np.testing.assert_array_equal(drawn[:, others], free[:, others])


def test_neutral_but_for_what_is_given():
    path = factors_of(yaw=[-30, 0, 30], smile=0.5)
    assert path.shape == (3, 14) and path.dtype == np.float32
    assert path[:, 0].tolist() == [-30, 0, 30] and (path[:, FACTORS.index("smile")] == 0.5).all()
    assert path[0, FACTORS.index("scale")] == 1


@BOTH
def test_loaded_faces_are_those_drawn(cache, character):
    lines = []
    images, factors = load_faces(character, 30, seed=4, say=lines.append)
    assert images.shape == (30, 64, 64, 3) and images.dtype == np.float32
    np.testing.assert_allclose(images, draw_face(character, factors), atol=0.5 / 255 + 1e-6)
    assert lines == [
        f"Drawing 30 faces of {character}, about 1 s.",
        f"Faces of {character}: 30 of 64x64 pixels",
    ]


def test_a_second_load_draws_nothing(cache, monkeypatch):
    first = load_faces("A", 5, seed=1, say=[].append)
    monkeypatch.setattr(faces, "draw_face", None)
    second = load_faces("A", 5, seed=1, say=[].append)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    for character, n, seed in (("B", 5, 1), ("A", 6, 1), ("A", 5, 2)):
        with pytest.raises(TypeError, match="NoneType"):  # it has to draw
            load_faces(character, n, seed=seed, say=[].append)


def test_no_pose_has_a_twin(cache):
    drawn = [load_faces(c, 50, seed=seed, say=[].append)[1] for c in "AB" for seed in (0, 1)]
    for one, other in itertools.combinations(drawn, 2):
        assert np.abs(one[:, None] - other).max(axis=-1).min() > 0.01


def test_faces_of_an_older_generator_are_removed(cache, monkeypatch):
    load_faces("A", 1, say=[].append)
    (old,) = cache.glob("faces-*.npz")
    monkeypatch.setattr(faces, "_version", lambda: "another")
    load_faces("A", 1, say=[].append)
    (new,) = cache.glob("faces-*.npz")
    assert new != old


@pytest.mark.parametrize("character", ["C", "a", None, 0])
def test_another_character(character):
    with pytest.raises(ValueError, match=r'"A" or "B".*Received'):
        draw_face(character, factors_of())
    with pytest.raises(ValueError, match=r'"A" or "B".*Received'):
        load_faces(character, 1)


@pytest.mark.parametrize("factors", [np.zeros(14), np.zeros((2, 13)), np.full((1, 14), np.nan)])
def test_other_factors(factors):
    with pytest.raises(ValueError, match=r"\(n, 14\).*yaw.*Received"):
        draw_face("A", factors)


@pytest.mark.parametrize(
    "make", [lambda: factors_of(nose=1), lambda: draw_factors(1, 0, nose=(0, 1))]
)
def test_an_unknown_factor_is_named(make):
    with pytest.raises(ValueError, match=r"The factors are yaw.*Received: nose"):
        make()


@pytest.mark.parametrize(
    ("value", "error"), [(-1, ValueError), (2.0, TypeError), (True, TypeError), (None, TypeError)]
)
@pytest.mark.parametrize("name", ["n", "seed"])
def test_bad_numbers_are_named(name, value, error):
    arguments = {"n": 1, "seed": 0} | {name: value}
    with pytest.raises(error, match=rf"`{name}` must be an int >= 0.*Received: {value!r}"):
        load_faces("A", **arguments)


def test_nobody_at_all(cache):
    images, factors = load_faces("B", 0, say=[].append)
    assert images.shape == (0, 64, 64, 3) and factors.shape == (0, 14)


def test_faces_need_no_network_and_no_keras():
    code = (
        "import socket, sys\n"
        "sys.modules['keras'] = sys.modules['tensorflow'] = None\n"
        "from course.data.faces import draw_face, factors_of\n"
        "socket.socket = socket.getaddrinfo = None\n"
        "print(draw_face('A', factors_of()).shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "(1, 64, 64, 3)"
