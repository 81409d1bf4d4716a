"""course.photographs with its detector: whole folders and videos of one real face."""

import re

import av
import numpy as np
import pytest
import skimage.data
from PIL import Image
from scipy.ndimage import gaussian_filter, rotate

from course.photographs import TooFewFaces, aligning, blend, detecting, load_person, save_swaps
from course.photographs import person as person_module
from course.photographs.aligning import LANDMARKS
from course.photographs.detecting import AGAIN, POINTS, Face, find_face
from course.photographs.pictures import Unusable
from course.provenance import is_generated, save_generated

ASTRONAUT = skimage.data.astronaut()  # (512, 512, 3): one face, public domain
ORIENTATION = 0x0112


def tilted(degrees):
    return rotate(ASTRONAUT, degrees, reshape=False, order=1)


def darker(share):
    return np.round(ASTRONAUT * share).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of the astronaut and of other things, sound and broken."""
    path = tmp_path_factory.mktemp("Anna é 数")
    pictures = {
        "01 upright.jpg": ASTRONAUT,
        "02 tilted.png": tilted(30) // 2,
        "03 sideways.png": np.rot90(darker(0.8)),
        "04 dark.png": darker(0.4),
        "05 copy.jpg": ASTRONAUT,
        "06 two.png": np.hstack([ASTRONAUT, ASTRONAUT]),
        "07 bystander.png": with_bystander(0.4),
        "08 nobody.png": skimage.data.chelsea()[::2, ::2],
        "09 blurred.png": gaussian_filter(ASTRONAUT, (5, 5, 0)),
        "10 far away.png": ASTRONAUT[::5, ::5],
        "11 grey.tif": darker(0.9)[..., 1].astype(np.uint16) * 257,
        "12 profile.png": skimage.data.camera(),
    }
    for name, picture in pictures.items():
        Image.fromarray(np.ascontiguousarray(picture)).save(path / name)
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # stored lying on its side
    Image.fromarray(np.rot90(darker(0.6))).save(path / "13 telephone.jpg", exif=exif)
    whole = (path / "01 upright.jpg").read_bytes()
    (path / "14 cut.jpg").write_bytes(whole[: len(whole) // 2])
    (path / "15 notes.txt").write_text("notes")
    save_generated(path / "16 generated.png", ASTRONAUT, "a test")
    (path / ".hidden.jpg").write_bytes(whole)
    (path / "more").mkdir()
    return path


def with_bystander(scale):
    side = int(512 * scale)
    small = np.asarray(Image.fromarray(ASTRONAUT).resize((side, side)))
    return np.hstack([darker(0.7), np.pad(small, ((512 - side, 0), (0, 0), (0, 0)))])


@pytest.fixture(scope="module")
def anna(folder):
    return load_person(folder, at_least=4)


def test_what_became_of_each_file(anna):
    assert [(row.name, row.result.split(":")[0], row.note) for row in anna.report] == [
        ("more", "a folder", ""),
        ("01 upright.jpg", "used", ""),
        ("02 tilted.png", "used", ""),
        ("03 sideways.png", "used", "turned by 270 degrees"),
        ("04 dark.png", "used", ""),
        ("05 copy.jpg", "same picture as before", ""),
        ("06 two.png", "2 faces of similar size", ""),
        ("07 bystander.png", "used", "largest of 2 faces"),
        ("08 nobody.png", "no face found", ""),
        ("09 blurred.png", "blurred, or without contrast", ""),
        ("10 far away.png", "face too small", ""),
        ("11 grey.tif", "used", ""),
        ("12 profile.png", "face turned away", ""),
        ("13 telephone.jpg", "used", ""),
        ("14 cut.jpg", "damaged", ""),
        ("15 notes.txt", "not a picture", ""),
        ("16 generated.png", "marked as generated", ""),
    ]
    assert anna.report.used == len(anna) == 7
    assert re.match(r"Anna é 数\d*: 7 faces of 64 x 64 pixels", repr(anna))


def test_faces_are_aligned_whatever_the_picture(anna):
    """The same face each time, up to the light and a pixel or so of the detector's."""
    assert anna.faces.shape == (7, 64, 64, 3) and anna.faces.dtype == np.float32
    assert anna.faces.min() >= 0 and anna.faces.max() <= 1
    grey = anna.faces.mean(axis=-1)[:, 16:60, 12:52].reshape(7, -1)
    alike = np.corrcoef(grey)
    assert alike.min() > 0.88, alike.round(2)


def test_eyes_and_mouth_are_at_their_places(anna):
    """Found again in the crop, at four times the size, by the same detector."""
    for photograph in anna.photographs[:3]:
        big = aligning.crop(photograph.picture(), photograph.a, photograph.b, 256)
        padded = np.pad(np.uint8(big * 255), ((128, 128), (128, 128), (0, 0)), mode="edge")
        points = (find_face(padded).points - 128) / 256
        assert np.abs(points - LANDMARKS)[[0, 1, 3, 4]].max() < 0.08, points
        assert np.abs(points - LANDMARKS).mean() < 0.035, points


def test_each_photograph_is_the_one_of_its_face(anna):
    for photograph, face in zip(anna.photographs, anna.faces, strict=True):
        again = aligning.crop(photograph.picture(), photograph.a, photograph.b, 64)
        assert np.array_equal(again, face)


def test_from_a_folder_to_swaps_and_back(anna, folder, tmp_path):
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    paths = save_swaps(anna, anna.faces[:, :, ::-1], tmp_path / "out")
    assert len(paths) == 7 and all(is_generated(path) for path in paths)
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    with pytest.raises(TooFewFaces, match="marked as generated") as caught:
        load_person(tmp_path / "out", at_least=1)  # swaps are no photographs
    assert caught.value.report.problems == {"marked as generated": 7}


def test_a_file_that_has_changed_is_not_blended(tmp_path):
    Image.fromarray(ASTRONAUT).save(tmp_path / "a.png")
    person = load_person(tmp_path, at_least=1)
    blend(person.photographs[0], person.faces[0])
    Image.fromarray(ASTRONAUT[::-1]).save(tmp_path / "a.png", compress_level=1)
    with pytest.raises(
        ValueError, match=r"a\.png cannot be read as it was before \(it has changed"
    ):
        blend(person.photographs[0], person.faces[0])
    (tmp_path / "a.png").unlink()
    with pytest.raises(ValueError, match="Run load_person again"):
        blend(person.photographs[0], person.faces[0])


def test_a_video(tmp_path):
    """Six frames: her, her darker, nobody, her again as at first, tilted twice."""
    nobody = np.full_like(ASTRONAUT, 90)
    frames = [ASTRONAUT, darker(0.6), nobody, ASTRONAUT, tilted(15), tilted(-15)]
    with av.open(str(tmp_path / "clip.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 512
        stream.pix_fmt, stream.bit_rate = "yuv420p", 8_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    person = load_person(tmp_path / "clip.mp4", at_least=4)
    assert [row.name for row in person.report] == [f"clip.mp4, frame {i}" for i in range(1, 7)]
    assert [row.result for row in person.report][2] == "no face found"
    assert person.report.used in (4, 5)  # compression may tell the first from the fourth
    for photograph, face in zip(person.photographs, person.faces, strict=True):
        again = aligning.crop(photograph.picture(), photograph.a, photograph.b, 64)
        assert np.array_equal(again, face)
    assert len(save_swaps(person, person.faces, tmp_path / "out")) == len(person)


# ------------------------------------------------------------------------- no detector needed


def points_of(turned=0, side=200, at=(150, 150)):
    """Landmarks of an upright face in a picture of 500 x 400 that was turned."""
    points = (LANDMARKS - 0.5) * side + at
    x, y = points.T
    w, h = 500, 400
    forward = {0: (x, y), 90: (y, w - x), 180: (w - x, h - y), 270: (h - y, x)}
    return np.stack(forward[turned], axis=1)


class Script:
    """A detector that finds what it was told, by how the picture is turned.

    The upper left corner of the picture as it was is white, so that it can tell.
    """

    def __init__(self, found, again):
        self.found, self.seen, self.again = found, [], list(again)

    def __call__(self):
        return self

    def detect_faces(self, picture):
        if picture.shape == (AGAIN, AGAIN, 3):
            return self.again
        corners = picture[0, 0], picture[-1, 0], picture[-1, -1], picture[0, -1]
        turned = 90 * int(np.argmax([corner.sum() for corner in corners]))
        self.seen.append(turned)
        return [answer(*face) for face in self.found.get(turned, [])]


def answer(confidence, width, points):
    """As the detector gives it: pixels counted from their corners, NumPy's numbers."""
    return {
        "box": [0, 0, np.int64(width), 99],
        "confidence": np.float64(confidence),
        "keypoints": dict(zip(POINTS, (points - 0.5).tolist(), strict=True)),
    }


@pytest.fixture
def finds(monkeypatch):
    """Look for a face in a picture with a scripted detector."""

    def find(found, picture_side=500, again=()):
        script = Script(found, again)
        monkeypatch.setattr(detecting, "detector", script)
        picture = np.zeros((picture_side * 4 // 5, picture_side, 3), dtype=np.uint8)
        picture[: picture_side // 50, : picture_side // 50] = 255
        return find_face(picture), script.seen

    return find


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_turned_face_is_given_in_the_picture_as_it_was(finds, turned):
    face, _ = finds({turned: [(0.995, 100, points_of(turned))]})
    assert face.turned == turned and np.allclose(face.points, points_of())


def test_a_sure_face_is_not_looked_for_again(finds):
    face, seen = finds({0: [(0.995, 100, points_of())], 180: [(1.0, 100, points_of())]})
    assert face.turned == 0 and seen == [0] and isinstance(face.confidence, float)


@pytest.mark.parametrize(
    ("upright", "upside_down", "expected"),
    [
        (0.95, 0.98, 0),  # neither is sure: as the picture was given
        (0.95, 0.999, 180),
        (0.85, 0.999, 180),
        (0.95, None, 0),
        (None, 0.98, None),
        (0.85, 0.85, None),
        (None, None, None),
    ],
)
def test_which_way_up(finds, upright, upside_down, expected):
    found = {}
    for turned, confidence in ((0, upright), (180, upside_down)):
        if confidence is not None:
            found[turned] = [(confidence, 100, points_of(turned))]
    if expected is None:
        with pytest.raises(Unusable, match="no face found"):
            finds(found)
    else:
        face, seen = finds(found)
        assert face.turned == expected and seen == [0, 90, 180, 270]


def test_of_several_faces_the_far_larger_one_or_none(finds):
    large, small = (0.995, 100, points_of()), (0.999, 50, points_of(at=(300, 300)))
    face, _ = finds({0: [small, large]})
    assert face.others == 1 and face.width == 100 and np.allclose(face.points, points_of())
    for width in (51, 100, 150):
        with pytest.raises(Unusable, match="2 faces of similar size"):
            finds({0: [(0.999, width, points_of(at=(300, 300))), large]})
    face, _ = finds({0: [large, (0.85, 100, points_of())]})  # the second is hardly one
    assert face.others == 0


def test_a_large_picture_is_looked_at_small(finds):
    face, _ = finds({0: [(0.995, 100, points_of())]}, picture_side=3200)
    assert face.width == 500 and np.allclose(face.points, points_of() * 5)


@pytest.mark.parametrize(
    ("confidence", "shift", "taken"), [(0.95, 6, True), (0.95, 60, False), (0.85, 6, False)]
)
def test_the_second_look_corrects_the_first(finds, confidence, shift, taken):
    """It sees twice the crop's side around the crop's middle, at 192 pixels."""
    near = ((LANDMARKS - 0.5) / 2 + 0.5) * 192 + [shift, 0]
    elsewhere = answer(confidence - 0.04, 99, near * 0.5)
    tilted_points = (points_of() - 150) @ [[0.6, 0.8], [-0.8, 0.6]] + [250, 200]
    face, _ = finds(
        {0: [(0.995, 100, tilted_points)]}, again=[elsewhere, answer(confidence, 99, near)]
    )
    moved = [0.6, 0.8] @ np.eye(2) * shift * 400 / 192  # along the face's own x axis
    assert np.allclose(face.points, tilted_points + (moved if taken else 0))


@pytest.fixture
def quick(monkeypatch):
    """No detector: a face at a fixed place in every picture."""

    def find(picture):
        return Face(LANDMARKS * 100 + 50, 63.0, 0.99)

    monkeypatch.setattr(person_module, "find_face", find)
    monkeypatch.setattr(person_module, "detector", lambda: None)


@pytest.fixture
def many(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(1, 13):
        picture = rng.integers(0, 256, (200, 200, 3), dtype=np.uint8)
        Image.fromarray(picture).save(tmp_path / f"{i}.png")
    return tmp_path


def test_too_few_faces_says_how_many_and_why(many, quick):
    (many / "2.png").write_text("x")
    with pytest.raises(TooFewFaces) as caught:
        load_person(many, at_least=12)
    message = str(caught.value)
    assert "11 usable faces found" in message and "12 needed" in message
    assert re.search(r"2\.png +not a picture", message)
    assert caught.value.report.used == 11


def test_order_size_and_most(many, quick, capsys):
    person = load_person(many, size=48, at_least=5, most=6)
    names = [photograph.name for photograph in person.photographs]
    assert names[0] == "1.png" and names[-1] == "12.png" and len(names) == 6
    assert names == sorted(names, key=lambda name: int(name[:-4]))
    assert person.faces.shape == (6, 48, 48, 3)
    assert len(person.report) == 12 and person.report.used == 6
    out = capsys.readouterr().out
    assert ": 6 pictures, about" in out and "6/6 pictures" in out


def test_a_relative_path(many, quick, monkeypatch):
    monkeypatch.chdir(many)
    assert load_person(".", at_least=1).name == many.name


def test_an_empty_folder(tmp_path, quick):
    with pytest.raises(TooFewFaces, match=r"(?s)^0 usable faces found .* 20 needed.*no files"):
        load_person(tmp_path)


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is nothing at .*Relative paths start at"):
        load_person(tmp_path / "anna")


@pytest.mark.parametrize(("at_least", "most"), [(0, 10), (11, 10), (-1, 5)])
def test_numbers_that_do_not_fit(tmp_path, at_least, most):
    with pytest.raises(ValueError, match="at_least must be from 1 to most"):
        load_person(tmp_path, at_least=at_least, most=most)


def test_a_video_that_is_none_is_one_row(many, quick):
    (many / "clip.mp4").write_text("no video")
    person = load_person(many, at_least=12)
    assert person.report[-1].result.startswith("damaged or not a video")


def test_a_missing_detector_is_one_error(many, monkeypatch):
    def missing():
        raise ImportError("To find faces the package mtcnn is needed")

    monkeypatch.setattr(person_module, "detector", missing)
    with pytest.raises(ImportError, match="mtcnn is needed"):
        load_person(many)
