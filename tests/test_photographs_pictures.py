"""course.photographs.pictures and .sources: every kind of file, upright and in colour, or named."""

import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import skimage.data
from PIL import Image

from course.photographs import pictures
from course.photographs.pictures import Unusable, read_picture
from course.photographs.sources import list_files, pictures_of
from course.provenance import save_generated

PHOTO = skimage.data.astronaut()[:120, 100:260]  # (120, 160, 3), public domain
ORIENTATION = 0x0112


def saved(tmp_path, name, picture, **settings):
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    picture.save(tmp_path / name, **settings)
    return tmp_path / name


def problem(path):
    with pytest.raises(Unusable) as caught:
        read_picture(path)
    return str(caught.value)


# Where EXIF says that the first row and the first column of the stored picture are (TIFF 6.0).
STORED = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.transpose(1, 0, 2),
    6: lambda x: x.transpose(1, 0, 2)[::-1],
    7: lambda x: x.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda x: x.transpose(1, 0, 2)[:, ::-1],
}


@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation(tmp_path, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = np.ascontiguousarray(STORED[orientation](PHOTO))
    path = saved(tmp_path, "a.png", stored, exif=exif)
    assert np.array_equal(read_picture(path), PHOTO)


def test_grey_and_palette_and_black_and_white(tmp_path):
    grey = PHOTO[..., 1]
    expected = np.stack([grey] * 3, axis=-1)
    assert np.array_equal(read_picture(saved(tmp_path, "a.png", grey)), expected)
    few = np.where(PHOTO > 127, 255, 0).astype(np.uint8)  # eight colours
    palette = Image.fromarray(few).convert("P", palette=Image.Palette.ADAPTIVE, colors=8)
    assert np.array_equal(read_picture(saved(tmp_path, "a.gif", palette)), few)
    one_bit = Image.fromarray(grey > 127)
    expected = np.where(expected > 127, 255, 0)
    assert np.array_equal(read_picture(saved(tmp_path, "b.png", one_bit)), expected)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path, name):
    deep = PHOTO[..., 0].astype(np.uint16) * 200 + 17
    got = read_picture(saved(tmp_path, name, deep))
    assert np.array_equal(got, np.stack([np.round(deep / 257)] * 3, axis=-1))


def test_a_dark_picture_of_sixteen_bits_stays_dark(tmp_path):
    dark = PHOTO[..., 0].astype(np.uint16)  # of 65535
    assert read_picture(saved(tmp_path, "a.png", dark)).max() == 1


@pytest.mark.parametrize("scale", [1, 255, 65535])
def test_floats_are_read_by_their_range(tmp_path, scale):
    values = np.linspace(0, scale, 100 * 100, dtype=np.float32).reshape(100, 100)
    got = read_picture(saved(tmp_path, "a.tif", Image.fromarray(values)))
    assert np.array_equal(got[..., 0], np.round(values.astype(float) / scale * 255))


def test_transparent_becomes_white(tmp_path):
    alpha = np.zeros(PHOTO.shape[:2], dtype=np.uint8)
    alpha[:, 80:] = 255
    got = read_picture(saved(tmp_path, "a.png", np.dstack([PHOTO, alpha])))
    assert (got[:, :80] == 255).all() and np.array_equal(got[:, 80:], PHOTO[:, 80:])


def test_of_an_animation_the_first_picture(tmp_path):
    black, white = (Image.new("L", (100, 100), value) for value in (0, 255))
    path = saved(tmp_path, "a.gif", black, save_all=True, append_images=[white])
    assert read_picture(path).max() == 0


def test_cmyk(tmp_path):
    path = saved(tmp_path, "a.jpg", Image.fromarray(PHOTO).convert("CMYK"), quality=95)
    assert np.abs(read_picture(path).astype(float) - PHOTO).mean() < 12


def test_the_ending_does_not_matter(tmp_path):
    path = saved(tmp_path, "a.png", PHOTO).rename(tmp_path / "photo.jpg")
    assert np.array_equal(read_picture(path), PHOTO)


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_a_large_picture_is_reduced(tmp_path, name, monkeypatch):
    monkeypatch.setattr(pictures, "LONGEST_SIDE", 200)
    path = saved(tmp_path, name, Image.fromarray(PHOTO).resize((960, 720)))
    got = read_picture(path)
    assert got.shape == (150, 200, 3)
    again = np.asarray(Image.fromarray(got).resize((160, 120), Image.Resampling.BOX), dtype=float)
    assert np.abs(again - PHOTO).mean() < 6
    assert np.array_equal(got, read_picture(path)), "the same at each reading"


@pytest.mark.parametrize("size", [(25000, 24000), (13000, 10000)])
def test_a_bomb_is_not_unpacked(tmp_path, size):
    """A small file that claims to be huge. At the second size Pillow alone would only warn."""
    path = saved(tmp_path, "bomb.png", Image.new("L", (100, 100)))
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", *size)  # the header of a PNG
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    assert problem(path).startswith("too large: more than 120 million")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b"hello", "not a picture"),
        (b"\0\0\0\x18ftypheic" + bytes(99), "HEIC is not read here: export it as JPEG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "not a picture"),
    ],
)
def test_what_is_no_picture(tmp_path, content, words):
    (tmp_path / "a.jpg").write_bytes(content)
    assert problem(tmp_path / "a.jpg") == words


def test_whatever_error_a_file_causes(tmp_path):
    (tmp_path / "a.ppm").write_bytes(b"P6\n12x 10\n255\n")  # Pillow: ValueError, not OSError
    assert problem(tmp_path / "a.ppm").startswith("damaged: ")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.webp", "a.tif"])
def test_a_file_cut_short(tmp_path, name):
    path = saved(tmp_path, name, PHOTO)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert problem(path).startswith(("damaged: ", "not a picture"))


def test_changed_bytes_end_in_a_picture_or_a_named_problem(tmp_path):
    rng = np.random.default_rng(0)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    for name in ("a.jpg", "a.png"):
        content = saved(tmp_path, name, PHOTO[:80, :80], exif=exif).read_bytes()
        for _ in range(60):
            broken = bytearray(content)
            for at in rng.integers(0, len(broken), 8):
                broken[at] = rng.integers(256)
            (tmp_path / name).write_bytes(broken)
            try:
                assert read_picture(tmp_path / name).shape[2] == 3
            except Unusable as error:
                assert str(error)


def test_too_small_for_the_label(tmp_path):
    assert problem(saved(tmp_path, "a.png", PHOTO[:63])) == "too small: 160 x 63 pixels"


@pytest.mark.skipif(
    os.name != "posix" or (hasattr(os, "geteuid") and os.geteuid() == 0), reason="may read all"
)
def test_no_permission(tmp_path):
    path = saved(tmp_path, "a.png", PHOTO)
    path.chmod(0)
    assert problem(path) == "cannot be opened: no permission"


# ------------------------------------------------------------------------- folders


def test_natural_order_and_what_is_left_alone(tmp_path):
    for name in ("IMG10.jpg", "img2.jpg", "a.png", ".hidden.jpg", "._a.png", ".DS_Store", "3.png"):
        (tmp_path / name).touch()
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.png").touch()
    files, rows = list_files(tmp_path, most=10)
    assert [file.name for file in files] == ["3.png", "a.png", "img2.jpg", "IMG10.jpg"]
    assert [(row.name, row.result) for row in rows] == [("more", "a folder: move its pictures up")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX only")
def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    os.symlink("nowhere", tmp_path / "link")
    files, rows = list_files(tmp_path, most=10)
    assert files == []
    assert [(row.name, row.result) for row in rows] == [
        ("link", "not a file"),
        ("pipe", "not a file"),
    ]


@pytest.mark.parametrize(("n", "most"), [(11, 3), (10, 10), (3, 7), (100, 1), (0, 5)])
def test_too_many_files_are_thinned_evenly(tmp_path, n, most):
    for i in range(n):
        (tmp_path / f"{i}.png").touch()
    files, rows = list_files(tmp_path, most)
    taken = [int(file.stem) for file in files]
    assert len(taken) == min(n, most) and len(rows) == n - len(taken)
    assert all(row.result == f"left out: more than {most} files" for row in rows)
    if most > 1 and n > most:
        assert taken[0] == 0 and taken[-1] == n - 1
        assert max(np.diff(taken)) - min(np.diff(taken)) <= 1


def test_a_generated_picture_is_not_a_photograph(tmp_path):
    path = save_generated(tmp_path / "a.png", PHOTO, "a test")
    with pytest.raises(Unusable, match="marked as generated"):
        list(pictures_of(path, 5))
    path = saved(tmp_path, "b.png", PHOTO)
    [(stamp, name, picture)] = pictures_of(path, 5)
    assert stamp is None and name == "b.png" and np.array_equal(picture, PHOTO)


def test_importing_it_starts_no_tensorflow():
    code = (
        "import sys, course.photographs; "
        "sys.exit(bool({'tensorflow', 'mtcnn', 'av'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
