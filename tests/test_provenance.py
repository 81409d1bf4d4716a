"""course.provenance: the label that people see, and the metadata that programs read."""

import errno
import os
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from course import provenance
from course.provenance import STAMP, is_generated, mark_generated, save_generated

IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SIZES = [(18, 55), (64, 64), (64, 300), (480, 640), (1000, 300), (3000, 4000)]
NOISE = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), dtype=np.uint8)

DRAWN = """
.###..#####.#...#.#####.####...###..#####.#####.####.
#...#.#.....##..#.#.....#...#.#...#...#...#.....#...#
#.....#.....#.#.#.#.....#...#.#...#...#...#.....#...#
#.###.####..#..##.####..####..#####...#...####..#...#
#...#.#.....#...#.#.....#.#...#...#...#...#.....#...#
#...#.#.....#...#.#.....#..#..#...#...#...#.....#...#
.###..#####.#...#.#####.#...#.#...#...#...#####.####.
"""


def background(kind, shape):
    if kind == "noise":
        return NOISE[: shape[0], : shape[1]].copy()
    return np.full((*shape, 3), kind, dtype=np.uint8)


def luminance(colour):
    """Relative luminance of sRGB by the definition of WCAG 2."""
    c = np.asarray(colour) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def changed(before, after):
    """The rectangle of what changed: top, bottom, left, right, the ends not included."""
    rows, columns = np.nonzero((before != after).any(axis=-1))
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def letter_and_plate(picture, dots):
    """The darkest pixel of the letters and the lightest of the plate, in the lower left corner."""
    plain = background(119, picture.shape[:2])
    k = changed(plain, mark_generated(plain))[3] // dots.shape[1]  # pixels a dot
    corner = picture[-9 * k :, : 55 * k]
    ink = np.repeat(np.repeat(dots, k, axis=0), k, axis=1)
    letters, plate = corner[ink], corner[~ink]
    return letters[luminance(letters).argmin()], plate[luminance(plate).argmax()]


# ------------------------------------------------------------------------- the label


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("kind", [0, 255, 119, "noise"])
def test_the_label_has_contrast_on_every_background(shape, kind):
    marked = mark_generated(background(kind, shape))
    letter, plate = letter_and_plate(marked, STAMP)
    assert contrast(letter, plate) >= 7  # level AAA of WCAG 2
    assert not STAMP[[0, -1]].any() and not STAMP[:, [0, -1]].any(), "letters touch the background"


def test_the_dots_are_the_word():
    assert STAMP.shape == (9, 55)
    rows = ["".join(".#"[int(dot)] for dot in row) for row in STAMP[1:-1, 1:-1]]
    assert rows == DRAWN.split()


@pytest.mark.parametrize("shape", SIZES)
def test_the_label_is_readable_and_leaves_the_picture_alone(shape):
    h, w = shape
    before = background(119, shape)
    top, bottom, left, right = changed(before, mark_generated(before))
    assert (bottom, left) == (h, 0)
    assert right - left >= min(w, 55) and bottom - top >= 9  # five by seven dots a letter at least
    assert right - left >= 0.15 * max(h, w)  # never a speck when the whole picture is shown
    assert bottom - top <= h / 2


def test_a_large_label_stays_readable_in_a_small_preview():
    marked = mark_generated(background("noise", (3000, 4000)))
    small = np.asarray(Image.fromarray(marked).resize((640, 480), Image.Resampling.LANCZOS))
    assert np.ptp(small[-20:, :150].mean(axis=-1)) > 200


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_dtype_is_kept_and_the_input_is_not_changed(dtype):
    before = np.full((2, 3, 64, 70, 3), 0.5 if dtype != np.uint8 else 120, dtype=dtype)
    kept = before.copy()
    marked = mark_generated(before)
    assert marked.dtype == dtype and marked.shape == before.shape
    assert marked.max() == (255 if dtype == np.uint8 else 1) and marked.min() == 0
    assert np.array_equal(before, kept)
    for picture in marked.reshape(6, 64, 70, 3):
        assert np.array_equal(picture, mark_generated(before[0, 0]))


def test_marking_twice_is_marking_once():
    once = mark_generated(background("noise", (100, 333)))
    assert np.array_equal(mark_generated(once), once)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((64, 64)), r"in colour. Received: shape \(64, 64\)"),
        (np.zeros((64, 64, 4)), "Received: shape"),
        (np.zeros((0, 64, 3)), "Received: shape"),
        (np.zeros((17, 64, 3)), "needs 55 columns and 18 rows"),
        (np.zeros((64, 54, 3)), "enlarge"),
        (np.zeros((64, 64, 3), dtype=int), "dtype int"),
        (np.full((64, 64, 3), 200.0), "divide by 255"),
        (np.full((64, 64, 3), -0.1), "from 0 to 1"),
        (np.full((64, 64, 3), np.nan), "nan"),
    ],
)
def test_what_is_no_picture_is_refused(image, words):
    with pytest.raises(ValueError, match=words):
        mark_generated(image)


# ------------------------------------------------------------------------- files


@pytest.fixture(params=["a.png", "b.jpg", "Zoë & 数 <c>.JPEG" if os.name != "nt" else "é.JPEG"])
def saved(request, tmp_path):
    path = tmp_path / request.param
    return save_generated(path, NOISE[:200, :300] / 255, "A test <&> of é", composite=True)


def test_metadata_read_by_others(saved):
    with Image.open(saved) as picture:
        assert picture.size == (300, 200)
        exif = picture.getexif()
        xmp = picture.info["xmp"]
    assert exif[0x0131].startswith("autoencoder-course ")
    assert exif[0x010E] == "A test <&> of ?"
    tree = ET.fromstring(xmp.decode().lstrip("\ufeff"))  # well-formed, or this raises
    sources = [v for element in tree.iter() for k, v in element.items() if k == IPTC]
    assert sources == [TYPES + "compositeWithTrainedAlgorithmicMedia"]
    assert "A test <&> of é" in "".join(tree.itertext())
    assert is_generated(saved)


def test_a_png_carries_text_chunks_and_the_whole_type(tmp_path):
    path = save_generated(tmp_path / "a.png", NOISE[:64, :64], "about é")
    with Image.open(path) as picture:
        assert picture.text["Software"].startswith("autoencoder-course ")
        assert picture.text["Description"] == "about é"
        assert f'"{TYPES}trainedAlgorithmicMedia"' in picture.text["XML:com.adobe.xmp"]
        assert np.array_equal(np.asarray(picture), mark_generated(NOISE[:64, :64]))


def test_floats_and_bytes_make_the_same_file(tmp_path):
    a = save_generated(tmp_path / "a.png", NOISE[:64, :64], "x")
    floats = np.clip(NOISE[:64, :64] / 255 - 0.0015, 0, 1)  # 0.4 of a step less
    b = save_generated(tmp_path / "b.png", floats, "x")
    assert a.read_bytes() == b.read_bytes()


def test_a_jpeg_is_close_to_the_picture(tmp_path):
    picture = np.zeros((100, 200, 3))
    picture[..., 0], picture[..., 1] = np.linspace(0, 1, 200), np.linspace(0, 1, 100)[:, None]
    path = save_generated(tmp_path / "a.jpg", picture, "a gradient")
    with Image.open(path) as saved:
        error = np.asarray(saved) / 255 - mark_generated(picture)
    assert np.mean(np.square(error)) < 1e-4  # 40 dB


def test_a_picture_without_marks(tmp_path):
    for name in ("a.png", "b.jpg", "tiny.png"):
        side = 10 if name == "tiny.png" else 200
        Image.fromarray(NOISE[:side, :side]).save(tmp_path / name)
        assert not is_generated(tmp_path / name)


@pytest.mark.parametrize("size", [(64, 64), (480, 640)])
def test_the_label_alone_is_recognised(tmp_path, size):
    """What a screenshot, or a program that drops metadata, leaves."""
    picture = Image.fromarray(mark_generated(NOISE[: size[0], : size[1]]))
    picture.save(tmp_path / "bare.jpg", quality=80)
    assert is_generated(tmp_path / "bare.jpg")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("trainedAlgorithmicMedia", True),
        ("compositeWithTrainedAlgorithmicMedia", True),
        ("digitalCapture", False),
    ],
)
def test_the_standard_of_others_is_read(tmp_path, kind, expected):
    element = f"<a><Iptc4xmpExt:DigitalSourceType>{TYPES}{kind}</Iptc4xmpExt:DigitalSourceType></a>"
    Image.fromarray(NOISE[:99, :99]).save(tmp_path / "theirs.jpg", xmp=element.encode())
    assert is_generated(tmp_path / "theirs.jpg") is expected


def test_is_generated_of_what_is_no_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    for name in ("a.png", "missing.png"):
        with pytest.raises(OSError, match=name):
            is_generated(tmp_path / name)


def test_a_photograph_is_never_replaced(tmp_path):
    path = tmp_path / "mine.jpg"
    Image.fromarray(NOISE[:99, :99]).save(path)
    content = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"mine\.jpg is already there"):
        save_generated(path, NOISE[:64, :64], "x")
    assert path.read_bytes() == content
    # not even one that another program generated, or that carries our label
    Image.fromarray(mark_generated(NOISE[:99, :99])).save(path)
    with pytest.raises(FileExistsError):
        save_generated(path, NOISE[:64, :64], "x")
    (tmp_path / "text.png").write_text("notes")
    with pytest.raises(FileExistsError):
        save_generated(tmp_path / "text.png", NOISE[:64, :64], "x")


def test_our_own_file_is_replaced(saved):
    before = saved.read_bytes()
    save_generated(saved, NOISE[:64, :64], "again")
    assert saved.read_bytes() != before and is_generated(saved)


def test_a_full_disk_leaves_the_old_file_and_no_part(saved, monkeypatch):
    before = saved.read_bytes()

    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(provenance, "write_whole", full)
    with pytest.raises(OSError, match="No space left"):
        save_generated(saved, NOISE[:64, :64], "again")
    assert saved.read_bytes() == before


def test_a_write_that_breaks_off_leaves_the_old_file_and_no_part(saved, monkeypatch):
    before = saved.read_bytes()

    def broken(a, b):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="Input/output"):
        save_generated(saved, NOISE[:64, :64], "again")
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.parametrize(
    ("name", "image", "about", "words"),
    [
        ("a.gif", NOISE[:64, :64], "x", "must end in .png, .jpg, .jpeg. Received: 'a.gif'"),
        ("a", NOISE[:64, :64], "x", "must end in"),
        ("a.png", NOISE[:64, :64], " ", "Received: ' '"),
        ("a.png", NOISE[:64, :64], None, "Received: None"),
        ("a.png", NOISE[:64, :64], "two\nlines", "in one line"),
        ("a.png", NOISE[None, :64, :64], "x", "Give one picture"),
    ],
)
def test_what_cannot_be_saved(tmp_path, name, image, about, words):
    with pytest.raises(ValueError, match=words):
        save_generated(tmp_path / name, image, about)
    assert not list(tmp_path.iterdir())
