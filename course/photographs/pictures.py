"""Read one picture of any kind that people have, upright and in colour, or say what is wrong."""

import warnings

import numpy as np
from PIL import Image, ImageOps

MOST_PIXELS = 120_000_000  # larger than any telephone makes; a small file can claim far more
LONGEST_SIDE = 4096  # larger pictures are reduced to this
SHORTEST_SIDE = 64  # the label GENERATED must fit in
HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1", b"ftypmsf1")
TOO_LARGE = f"too large: more than {MOST_PIXELS // 1_000_000} million pixels"


class Unusable(Exception):
    """A file or frame that cannot be used; the message is the problem in a few words."""


def read_picture(path):
    """Read a picture upright, as its EXIF orientation says.

    Grey, 16-bit, palette and CMYK pictures become RGB; what is transparent becomes white; of an
    animation the first picture counts.

    Args:
        path: a file.

    Returns:
        (h, w, 3) uint8, at most LONGEST_SIDE pixels long.

    Raises:
        Unusable: with the problem in a few words.
    """
    try:
        with warnings.catch_warnings(), open(path, "rb") as file:
            warnings.simplefilter("ignore")  # of odd metadata, which we do not use
            return _read(file)
    except Unusable:
        raise
    except MemoryError as error:
        raise Unusable("too large for the memory of this computer") from error
    except Image.DecompressionBombError as error:
        raise Unusable(TOO_LARGE) from error
    except PermissionError as error:
        raise Unusable("cannot be opened: no permission") from error
    except Exception as error:  # damaged bytes make Pillow raise nearly anything
        raise Unusable(f"damaged: {error or type(error).__name__}") from error


def _read(file):
    head = file.read(32)
    file.seek(0)
    if not head:
        raise Unusable("empty file")
    try:
        picture = Image.open(file)
    except Image.UnidentifiedImageError as error:
        if head[4:12] in HEIC:
            raise Unusable("HEIC is not read here: export it as JPEG") from error
        raise Unusable("not a picture") from error
    with picture:
        w, h = picture.size
        if w * h > MOST_PIXELS:
            raise Unusable(TOO_LARGE)
        if min(w, h) < SHORTEST_SIDE:
            raise Unusable(f"too small: {w} x {h} pixels")
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a large JPEG: decode it reduced
        picture.load()
        picture = _in_colour(ImageOps.exif_transpose(picture))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX)
    return np.array(picture)


def _in_colour(picture):
    """RGB with 8 bits; Pillow's own conversion clips 16 bits instead of scaling them."""
    if picture.mode.startswith(("I", "F")):
        values = np.asarray(picture).astype(float)
        top = next((top for top in (1, 255, 65535) if values.max() <= top), values.max())
        if picture.mode.startswith("I;16"):
            top = 65535
        grey = np.clip(values / top, 0, 1) * 255
        return Image.fromarray(np.round(grey).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")
