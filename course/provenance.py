"""Generated pictures say so: a label that everybody sees, and metadata that programs read.

The label is part of the picture and survives a screenshot. The metadata follow the IPTC standard
"Digital Source Type", which platforms and archives read. Both can be removed by whoever wants to;
they are there for everybody else.
"""

import io
import os
import re
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image, PngImagePlugin

from course import __version__
from course.data.cache import shown, write_whole

LABEL = "GENERATED"
SOFTWARE = f"autoencoder-course {__version__}"
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
WHOLE, PART = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
DESCRIPTION_TAG, SOFTWARE_TAG = 0x010E, 0x0131  # EXIF
XMP_CHUNK = "XML:com.adobe.xmp"  # where PNG keeps XMP
LETTERS = {  # 5 x 7 dots, a row a number
    "A": (14, 17, 17, 31, 17, 17, 17),
    "D": (30, 17, 17, 17, 17, 17, 30),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "G": (14, 17, 16, 23, 17, 17, 14),
    "N": (17, 25, 21, 19, 17, 17, 17),
    "R": (30, 17, 17, 30, 20, 18, 17),
    "T": (31, 4, 4, 4, 4, 4, 4),
}


def _stamp():
    """The label as dots, letters True on a plate with a rim of one dot. (9, 55) bool."""
    rows = [[[dots >> (4 - i) & 1 for i in range(5)] for dots in LETTERS[c]] for c in LABEL]
    gap = np.zeros((7, 1), dtype=bool)
    parts = [part for letter in rows for part in (gap, np.array(letter, dtype=bool))]
    return np.pad(np.hstack([*parts[1:]]), 1)


STAMP = _stamp()


def mark_generated(image):
    """Draw the label GENERATED into the lower left corner: white letters on a black plate.

    The plate carries its own contrast, so that the label is readable on any background. It grows
    with the picture, to a quarter of the longer side. Marking twice changes nothing more.

    Args:
        image: a picture, or many; floats in [0, 1] or uint8. It is not changed.

    Shapes:
        (..., h, w, 3) -> (..., h, w, 3), of the input's dtype; h at least 18, w at least 55.

    Raises:
        ValueError: if it is no such picture, or too small for letters.

    Example:
        >>> mark_generated(np.zeros((64, 64, 3))).max()
        1.0
    """
    marked = np.array(_checked(image))
    rows, columns, dots = _place(*marked.shape[-3:-1])
    white = 255 if marked.dtype == np.uint8 else 1
    marked[..., rows, columns, :] = (dots * white).astype(marked.dtype)[..., None]
    return marked


def save_generated(path, image, about, *, composite=False):
    """Save a generated picture with the visible label and with metadata that say what it is.

    The file appears whole or not at all. A file that this function did not write is never replaced.
    Nothing of an original photograph goes into the file but its pixels: no place, date or device.

    Args:
        path: where to; the name ends in .png, .jpg or .jpeg.
        image: (h, w, 3), floats in [0, 1] or uint8.
        about: what the picture is, in one line; it goes into the metadata.
        composite: True if only a part of the picture, such as a face, was generated.

    Returns:
        the path.

    Raises:
        ValueError: if the picture, the ending or `about` is not as said.
        FileExistsError: if the path holds a file that is not from here.
        OSError: if the file cannot be written; what was there before is unchanged.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"The file name must end in {', '.join(FORMATS)}. Received: {path.name!r}")
    if not isinstance(about, str) or not about.strip() or not about.isprintable():
        raise ValueError(f"Say in `about` what the picture is, in one line. Received: {about!r}")
    if np.ndim(image) != 3:
        raise ValueError(f"Give one picture, (h, w, 3). Received: shape {np.shape(image)}")
    if os.path.lexists(path) and not _is_ours(path):
        raise FileExistsError(
            f"{shown(path)} is already there and was not made by save_generated, so it is kept. "
            "Give another name or another folder."
        )
    marked = mark_generated(image)
    if marked.dtype != np.uint8:
        marked = np.round(marked * 255).astype(np.uint8)
    source = SOURCE_TYPES + (PART if composite else WHOLE)
    write_whole(path, _encoded(marked, FORMATS[path.suffix.lower()], about, source))
    return path


def is_generated(path):
    """Whether a picture file says of itself that it was generated, by metadata or by our label.

    True also for the files of other programs that follow the IPTC standard. False proves nothing:
    metadata are easily lost, and a label can be cut off.

    Raises:
        OSError: if there is no picture that can be read.
    """
    with Image.open(path) as picture:
        source_type = re.search(rb"digitalsourcetype/(\w+)", _xmp(picture))
        if source_type and source_type[1].decode() in (WHOLE, PART):
            return True
        return _software(picture) == SOFTWARE.split()[0] or _has_label(picture)


def _checked(image):
    image = np.asarray(image)
    if image.ndim < 3 or image.shape[-1] != 3 or image.size == 0:
        raise ValueError(f"Give pictures (..., h, w, 3) in colour. Received: shape {image.shape}")
    h, w = image.shape[-3:-1]
    if h < 2 * len(STAMP) or w < STAMP.shape[1]:
        raise ValueError(
            f"The label {LABEL} needs {STAMP.shape[1]} columns and {2 * len(STAMP)} rows; enlarge "
            f"the picture first. Received: {w} columns, {h} rows"
        )
    if image.dtype != np.uint8 and not np.issubdtype(image.dtype, np.floating):
        raise ValueError(f"Give floats in [0, 1] or uint8. Received: dtype {image.dtype}")
    # NaN fails this comparison too
    if image.dtype != np.uint8 and not (image.min() >= -1e-3 and image.max() <= 1.001):
        raise ValueError(
            "Floats must be from 0 to 1; divide by 255 or use np.clip first. "
            f"Received: {image.min()} to {image.max()}"
        )
    return image if image.dtype == np.uint8 else np.clip(image, 0, 1)


def _place(h, w):
    """Rows and columns of the label in a picture, and its dots, each scale x scale pixels."""
    tall, wide = STAMP.shape
    scale = max(1, min(round(max(h, w) / (4 * wide)), h // (4 * tall), w // wide))
    dots = np.kron(STAMP, np.ones((scale, scale), dtype=bool))
    return slice(h - dots.shape[0], h), slice(0, dots.shape[1]), dots


def _encoded(image, kind, about, source):
    picture, buffer = Image.fromarray(image), io.BytesIO()
    exif = picture.getexif()
    exif[DESCRIPTION_TAG] = about.encode("ascii", "replace").decode()  # EXIF text is ASCII
    exif[SOFTWARE_TAG] = SOFTWARE
    xmp = (
        "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>"
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f"xmp:CreatorTool={quoteattr(SOFTWARE)} Iptc4xmpExt:DigitalSourceType={quoteattr(source)}>"
        '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">'
        f"{escape(about)}</rdf:li></rdf:Alt></dc:description>"
        "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    )
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Software", SOFTWARE)
        text.add_itxt("Description", about)
        text.add_itxt(XMP_CHUNK, xmp)
        picture.save(buffer, kind, pnginfo=text, exif=exif)
    else:  # without colour subsampling, which would blur small letters
        picture.save(buffer, kind, quality=95, subsampling=0, exif=exif, xmp=xmp.encode())
    return buffer.getvalue()


def _is_ours(path):
    try:
        with Image.open(path) as picture:
            return _software(picture) == SOFTWARE.split()[0]
    except Exception:  # a damaged or foreign file makes Pillow raise nearly anything: not ours
        return False


def _software(picture):
    """The first word of the program that wrote the file, "" if it does not say."""
    words = str(picture.info.get("Software") or picture.getexif().get(SOFTWARE_TAG) or "").split()
    return words[0] if words else ""


def _xmp(picture):
    packet = picture.info.get("xmp") or picture.info.get(XMP_CHUNK) or b""
    return packet.encode() if isinstance(packet, str) else packet


def _has_label(picture):
    """Whether the label stands at its place; a few pixels may differ after compression."""
    w, h = picture.size
    rows, columns, dots = _place(h, w)
    corner = picture.crop((0, rows.start, columns.stop, h)).convert("L")
    return bool(np.mean((np.asarray(corner) > 127) == dots) > 0.99)
