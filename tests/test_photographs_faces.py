"""course.photographs without the detector: aligning, judging, blending, saving, reporting."""

import errno
import importlib
import os
import re
import tomllib
from types import SimpleNamespace

import numpy as np
import pytest
import skimage.data
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.transform import SimilarityTransform

from course.environment import ROOT
from course.photographs import extra, waiting
from course.photographs.aligning import LANDMARKS, crop, inside, place
from course.photographs.blending import blend, mask, match_colours
from course.photographs.detecting import Face
from course.photographs.pictures import Unusable
from course.photographs.quality import Twins, check_place, check_sharp, sharpness
from course.photographs.report import MOST_ROWS, Report, Row, printable
from course.photographs.saving import save_swaps
from course.provenance import is_generated

ASTRONAUT = skimage.data.astronaut()  # (512, 512, 3), public domain
A, B = 119.9 + 4.7j, 166.6 + 49.3j  # where her face is, measured once
RNG = np.random.default_rng(0)


class Photo:
    """A photograph that lies in memory."""

    def __init__(self, picture, a=A, b=B, name="photo.jpg"):
        self.kept, self.a, self.b, self.name = picture, a, b, name

    def picture(self):
        return self.kept.copy()


def decibels(a, b):
    """Peak signal-to-noise ratio of two uint8 pictures."""
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


# ------------------------------------------------------------------------- aligning


@pytest.mark.parametrize("seed", range(5))
def test_the_placement_is_the_least_squares_similarity(seed):
    rng = np.random.default_rng(seed)
    points = LANDMARKS * 90 + 40 + rng.normal(0, 9, (5, 2))
    points = points @ [[0.6, -0.8], [0.8, 0.6]]
    a, b, error = place(points)
    oracle = SimilarityTransform.from_estimate(LANDMARKS, points)  # Umeyama 1991
    assert np.isclose(abs(a), oracle.scale) and np.isclose(np.angle(a), oracle.rotation)
    assert np.allclose([b.real, b.imag], oracle.translation)
    residual = np.sqrt(np.mean(np.sum((oracle(LANDMARKS) - points) ** 2, axis=1)))
    assert np.isclose(error, residual / (oracle.scale * 0.315))


def test_a_placement_without_error():
    a, b, error = place(LANDMARKS @ [[0, 200], [-200, 0]] + [300, 50])
    assert np.isclose(a, 200j) and np.isclose(b, 300 + 50j) and error < 1e-12


def test_a_crop_of_whole_pixels_is_those_pixels():
    got = crop(ASTRONAUT, 64, 100 + 30j, 64)
    assert got.dtype == np.float32
    assert np.allclose(got, ASTRONAUT[30:94, 100:164] / 255, atol=1e-6)


@pytest.mark.parametrize(("a", "turns"), [(1j, 3), (-1, 2), (-1j, 1)])
def test_a_turned_crop(a, turns):
    """a = i: the crop's x axis points down in the picture."""
    middle = 132 + 62j
    got = crop(ASTRONAUT, 64 * a, middle - 64 * a * (0.5 + 0.5j), 64)
    upright = ASTRONAUT[30:94, 100:164] / 255
    assert np.allclose(got, np.rot90(upright, -turns), atol=1e-6)


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_a_pixel_of_a_crop_is_the_mean_of_its_area(factor):
    got = crop(ASTRONAUT, 32 * factor, 100 + 30j, 32)
    block = ASTRONAUT[30 : 30 + 32 * factor, 100 : 100 + 32 * factor] / 255
    mean = block.reshape(32, factor, 32, factor, 3).mean(axis=(1, 3))
    # reading between two coarse blocks smooths a little; a shift by a pixel would give 0.05
    assert np.abs(got - mean).mean() < (0.001 if factor < 4 else 0.02)


def test_beyond_the_picture_its_edge_goes_on():
    got = crop(ASTRONAUT, 64, -10 - 20j, 64)
    assert np.allclose(got[:20, :10], ASTRONAUT[0, 0] / 255)
    assert np.allclose(got[20:, :10], ASTRONAUT[:44, :1] / 255)


def test_where_a_crop_lies_in_a_picture():
    rows, columns, at = inside(20j, 100 + 30j, (400, 400))
    assert (rows.start, columns.start) == (30, 80) and rows.stop >= 50 and columns.stop >= 100
    # the pixel in row 30, column 99 has its centre at 99.5 + 30.5i: half a pixel along x and y
    assert np.isclose(at[0, 19], (0.5 + 0.5j) / 20)
    rows, columns, at = inside(50, -20 - 30j, (400, 400))
    assert (rows.start, columns.start) == (0, 0) and at.shape == (21, 31)


# ------------------------------------------------------------------------- quality


def seen(yaw=0, pitch=0, roll=0, size=100.0, width=2.0):
    """A Face whose landmarks lie on a head that turns; the nose stands out. Degrees."""
    x, y, z = np.radians([pitch, yaw, roll])
    depth = 0.315 * np.array([0, 0, 0.45, 0.1, 0.1])
    head = np.column_stack([LANDMARKS - 0.5, depth]) * size
    turn_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    turn_x = [[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]]
    turn_z = [[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]]
    points = (head @ np.transpose(turn_y) @ np.transpose(turn_x) @ np.transpose(turn_z))[:, :2]
    return Face(points + 200, width * 0.315 * size, 0.99)


def judged(face):
    a, _, error = place(face.points)
    try:
        check_place(face, a, error, 64)
    except Unusable as problem:
        return str(problem)
    return "good"


@pytest.mark.parametrize("pitch", [-20, 0, 20])
@pytest.mark.parametrize("yaw", [-40, -20, 0, 20, 40])
@pytest.mark.parametrize("roll", [0, 170])
def test_moderate_poses_are_good(yaw, pitch, roll):
    assert judged(seen(yaw, pitch, roll)) == "good"


@pytest.mark.parametrize("yaw", [-80, -60, 60, 80])
@pytest.mark.parametrize("roll", [0, 45, 120])
def test_a_profile_is_not(yaw, roll):
    assert judged(seen(yaw, 0, roll)) == "face turned away"


def test_landmarks_that_make_no_face():
    face = seen()
    assert judged(Face(face.points[[0, 1, 2, 4, 3]], 63, 0.99)).startswith("face partly hidden")
    assert judged(seen(width=4.5)).startswith("face partly hidden")
    assert judged(Face(np.full((5, 2), 7.0), 63, 0.99)) == "face turned away"  # all in one place


def test_small_faces_are_named_in_pixels():
    assert judged(seen(size=39)) == "good"
    assert judged(seen(size=38)) == "face too small: eyes 12 pixels apart, 13 needed"


def test_sharpness_sees_blur_and_not_light():
    face = crop(ASTRONAUT, A, B, 64)
    sharp = sharpness(face)
    check_sharp(face)
    for dimmed in (face * 0.4, face * 0.4 + 0.5):
        assert np.isclose(sharpness(dimmed), sharp, rtol=1e-3)
    values = []
    for sigma in (1, 2, 4, 8):
        blurred = gaussian_filter(ASTRONAUT.astype(float), (sigma, sigma, 0)).astype(np.uint8)
        values.append(sharpness(crop(blurred, A, B, 64)))
    assert [sharp, *values] == sorted([sharp, *values], reverse=True)
    assert values[0] > 0.07 and values[2] < 0.05  # blur of 0.5 and of 2 pixels of the crop
    with pytest.raises(Unusable, match="blurred"):
        check_sharp(crop(blurred, A, B, 64))
    with pytest.raises(Unusable, match="without contrast"):
        check_sharp(np.full((64, 64, 3), 0.5) + RNG.normal(0, 1e-4, (64, 64, 3)))


@pytest.mark.parametrize("size", [64, 100])
def test_a_twin_is_named(size):
    face, twins = crop(ASTRONAUT, A, B, size), Twins()
    twins.add("first", face)
    twins.add("brighter", face * 0.9)
    twins.add("moved", crop(ASTRONAUT, A, B + 3, size))
    noisy = np.clip(face + RNG.normal(0, 0.02, face.shape), 0, 1)
    for name, again in (("first", face), ("first", noisy), ("brighter", noisy * 0.9)):
        with pytest.raises(Unusable, match=f"same picture as before: {name}"):
            twins.add("again", again)
    assert twins.names == ["first", "brighter", "moved"]


# ------------------------------------------------------------------------- blending


def test_the_mask_ends_inside_the_crop():
    m = mask(64)
    assert m[[0, -1]].max() == m[:, [0, -1]].max() == 0
    assert m.max() == 1 and m[26, 22] > 0.9 and m[26, 41] > 0.9  # the eyes are new
    assert m[49, 24] > 0.5 and m[49, 40] > 0.5  # and the corners of the mouth
    assert np.allclose(m, m[:, ::-1])


def test_colours_are_matched_where_it_counts():
    weights = np.zeros((8, 8))
    weights[2:6, 2:6] = 1
    face, old = RNG.random((8, 8, 3)), RNG.random((8, 8, 3)) * [0.9, 0.5, 0.7] + 0.1
    got = match_colours(face, old, weights)[2:6, 2:6]
    assert np.allclose(got.mean(axis=(0, 1)), old[2:6, 2:6].mean(axis=(0, 1)))
    assert np.allclose(got.std(axis=(0, 1)), old[2:6, 2:6].std(axis=(0, 1)), rtol=0.02)
    assert np.allclose(match_colours(old, old, weights), old)
    flat = match_colours(face * 0.01, old, weights)[2:6, 2:6]  # no more than twice the contrast
    assert np.allclose(flat.std(axis=(0, 1)), 2 * 0.01 * face[2:6, 2:6].std(axis=(0, 1)))


@pytest.mark.parametrize("a", [A, A * 1j, 60 * np.exp(0.5j), 300])
@pytest.mark.parametrize("size", [64, 96])
def test_outside_the_ellipse_no_bit_changes(a, size):
    b = 230 + 120j - a * (0.5 + 0.5j)  # partly beyond the picture when a is 300
    picture = RNG.integers(0, 256, (200, 400, 3), dtype=np.uint8)
    got = blend(Photo(picture, a, b), RNG.random((size, size, 3)))
    assert got.shape == picture.shape and got.dtype == np.uint8
    x, y = np.meshgrid(np.arange(400) + 0.5, np.arange(200) + 0.5)
    at = (x + 1j * y - b) / a
    outside = ((at.real - 0.5) / 0.37) ** 2 + ((at.imag - 0.56) / 0.42) ** 2 >= 1
    assert np.array_equal(got[outside], picture[outside])
    changed = (got != picture).any(axis=-1)
    assert changed[~outside].mean() > 0.9


@pytest.mark.parametrize("turns", range(4))
def test_a_face_put_back_where_it_came_from(turns):
    """At least 30 dB in the box of the face, which the crop holds at half its size."""
    picture = np.ascontiguousarray(np.rot90(ASTRONAUT, turns))
    a, b = A, B
    for _ in range(turns):
        a, b = a * -1j, b.imag + 1j * (512 - b.real)
    face = crop(picture, a, b, 64)
    assert np.allclose(face, crop(ASTRONAUT, A, B, 64), atol=1e-3)
    got = blend(Photo(picture, a, b), face)
    box = np.nonzero((got != picture).any(axis=-1))
    box = tuple(slice(i.min(), i.max() + 1) for i in box)
    assert decibels(got[box], picture[box]) > 30
    assert decibels(got, picture) > 45
    exact = blend(Photo(picture, a, b), crop(picture, a, b, 256))
    assert decibels(exact[box], picture[box]) > 38  # what is lost is the crop's resolution


def test_another_face_takes_the_colours_of_the_old_one():
    face = np.clip(crop(ASTRONAUT, A, B, 64)[:, ::-1] * [0.5, 0.7, 1.0], 0, 1)
    got = blend(Photo(ASTRONAUT), face)
    eyes = slice(95, 145), slice(205, 245)
    difference = got[eyes].mean(axis=(0, 1)) - ASTRONAUT[eyes].mean(axis=(0, 1))
    assert np.abs(difference).max() < 12
    assert decibels(got[eyes], ASTRONAUT[eyes]) < 25  # and yet it is another face


def test_the_edge_is_soft_and_bright_colours_stay_bright():
    """A face that grows brighter from left to right, in a picture of one bright grey."""
    ramp = np.broadcast_to(np.linspace(0, 1, 64)[:, None], (64, 64, 3))
    got = blend(Photo(np.full((400, 400, 3), 245, dtype=np.uint8), 200, 100 + 100j), ramp)
    got = got.astype(float)
    assert got.max() == 255 and 180 < got.min() < 230  # the ramp is there, and nothing wraps around
    assert max(np.abs(np.diff(got, axis=0)).max(), np.abs(np.diff(got, axis=1)).max()) <= 5


@pytest.mark.parametrize(
    ("face", "words"),
    [
        (np.zeros((64, 64)), r"Received: shape \(64, 64\)"),
        (np.zeros((64, 32, 3)), "size, size, 3"),
        (np.zeros((2, 64, 64, 3)), "Give one face"),
        (np.full((64, 64, 3), 200.0), "from 0 to 1"),
        (np.full((64, 64, 3), -0.5), "from 0 to 1"),
        (np.full((64, 64, 3), np.nan), "nan"),
    ],
)
def test_a_face_that_cannot_be_blended(face, words):
    with pytest.raises(ValueError, match=words):
        blend(Photo(ASTRONAUT), face)


# ------------------------------------------------------------------------- saving


@pytest.fixture
def three(tmp_path):
    """A person with three photographs: two of one name, one with a name of odd characters."""
    names = ["a.jpg", "clip.mp4, frame 7", "we\nird é/..\\x:*?.png"]
    photographs = tuple(Photo(ASTRONAUT, name=name) for name in names)
    return SimpleNamespace(photographs=photographs), np.full((3, 64, 64, 3), 0.5)


def test_every_saved_picture_says_what_it_is(three, tmp_path):
    paths = save_swaps(*three, tmp_path / "new" / "out")
    assert [path.name for path in paths] == [
        "001_a_swapped.jpg",
        "002_clip_mp4_frame_7_swapped.jpg",
        "003_we_ird_é_x_swapped.jpg",
    ]
    for path in paths:
        assert path.parent == tmp_path / "new" / "out" and is_generated(path)
        with Image.open(path) as picture:
            assert picture.size == (512, 512)
            assert b"compositeWithTrainedAlgorithmicMedia" in picture.info["xmp"]
    assert save_swaps(*three, tmp_path / "new" / "out") == paths  # a second run replaces its own


def test_a_photograph_of_that_name_is_kept(three, tmp_path):
    mine = tmp_path / "002_clip_mp4_frame_7_swapped.jpg"
    Image.fromarray(ASTRONAUT).save(mine)
    content = mine.read_bytes()
    with pytest.raises(FileExistsError, match="002_clip"):
        save_swaps(*three, tmp_path)
    assert mine.read_bytes() == content


def test_a_full_disk(three, tmp_path, monkeypatch):
    true_replace, calls = os.replace, []

    def replace(a, b):
        calls.append(b)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        true_replace(a, b)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(
        OSError, match="2 of 3 pictures were saved, then the disk is full"
    ) as caught:
        save_swaps(*three, tmp_path)
    assert caught.value.errno == errno.ENOSPC
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2 and all(is_generated(file) for file in files)  # and no part of a third


def test_a_folder_that_cannot_be(three, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="file cannot be made"):
        save_swaps(*three, tmp_path / "file")


def test_a_disk_that_fails(three, tmp_path, monkeypatch):
    def replace(a, b):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OSError, match=r"0 of 3 pictures were saved, then .* cannot be written"):
        save_swaps(*three, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("n", [0, 2, 4])
def test_one_face_a_photograph(three, tmp_path, n):
    with pytest.raises(ValueError, match=f"each of the 3 photographs. Received: {n}"):
        save_swaps(three[0], np.zeros((n, 64, 64, 3)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


# ------------------------------------------------------------------------- report


def test_a_report_is_a_table_with_the_problems_first():
    report = Report(
        [Row("a.jpg", "used"), Row("b.jpg", "no face found"), Row("c.jpg", "used", "turned")]
    )
    assert str(report).splitlines() == [
        "file   result         note",
        "-----  -------------  ------",
        "b.jpg  no face found",
        "a.jpg  used",
        "c.jpg  used           turned",
        "2 used, 1 not",
    ]
    assert report.used == 2 and report.problems == {"no face found": 1}
    assert str(Report()) == "no files"


def test_a_long_report_is_cut_and_counted():
    report = Report(Row(f"{i}.jpg", "used" if i % 3 else "damaged: x") for i in range(90))
    lines = str(report).splitlines()
    assert len(lines) == MOST_ROWS + 4
    assert lines[-2:] == ["and 50 more: 50 used, 0 not", "60 used, 30 not"]
    assert report.problems == {"damaged": 30}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Zoë 数.jpg", "Zoë 数.jpg"),
        ("a\nb\tc.jpg", r"a\nb\tc.jpg"),
        ("gpj.\u202ea", r"gpj.\u202ea"),  # would turn the line around
        ("\x1b[2Ja", r"\x1b[2Ja"),  # would clear the screen
        ("\udcff.jpg", r"\udcff.jpg"),
    ],
)
def test_names_stay_on_their_line(name, expected):
    assert printable(name) == expected
    str(Report([Row(name, "used")])).encode("utf-8")


def test_long_names_are_cut():
    cut = printable("a" * 200 + ".jpg")
    assert len(cut) == 70 and cut.endswith("aaaaa.jpg")


# ------------------------------------------------------------------------- waiting, extra


def test_the_time_is_announced_and_the_bar_goes_to_its_end(capsys, monkeypatch):
    loaded = SimpleNamespace(cache_info=lambda: SimpleNamespace(currsize=1))
    monkeypatch.setattr(waiting, "detector", loaded)
    bar = waiting.Waiting("reading", "an\nna", 200, 0.3)
    for _ in range(203):
        bar.step()
    bar.end()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == r"reading an\nna: 200 pictures, about 60 s"
    assert lines[-1].startswith(r"reading an\nna [########################] 203/203 pictures, ")
    assert len(lines) == 3


@pytest.mark.parametrize(("announced", "found"), [(5, 8), (8, 5), (1, 0)])
def test_the_bar_is_right_when_the_number_was_not(announced, found, capsys, monkeypatch):
    monkeypatch.setattr(waiting, "EVERY", -1)
    bar = waiting.Waiting("reading", "anna", announced, 0.3)
    for _ in range(found):
        bar.step()
    bar.end()
    counts = re.findall(r"(\d+)/(\d+) pictures", capsys.readouterr().out)
    assert len(counts) == found + 2
    assert all(int(done) <= int(total) for done, total in counts)
    assert counts[-1] == (str(found), str(found))


def test_in_a_notebook_it_is_one_panel_drawn_over_itself(monkeypatch):
    shown = []

    def display(panel, display_id):
        shown.append(panel)
        return SimpleNamespace(update=shown.append)

    monkeypatch.setattr(waiting, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", display)
    bar = waiting.Waiting("saving", "<b>", 2, 0.3)
    bar.step()
    bar.step()
    bar.end()
    assert len(shown) == 4
    assert "2/2 pictures" in shown[-1].markup and "saving &lt;b&gt;" in shown[-1].markup
    assert "epochs" not in shown[-1].markup


def test_a_missing_library_names_the_command(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    for name in extra.REQUIREMENTS:
        with pytest.raises(ImportError, match=f"the package {name} is needed") as caught:
            extra.need(name)
        assert '%pip install "mtcnn>=1,<2" "av>=' in str(caught.value)


def test_the_command_installs_what_the_project_names():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = project["optional-dependencies"]["photographs"]
    assert {re.match(r"\w+", line)[0] for line in asked} == set(extra.REQUIREMENTS)
