"""How many bits a picture costs: quantised codes, and JPEG and PNG to compare with."""

import io

import numpy as np
from PIL import Image

TILE = 32  # JPEG works on blocks of 8 x 8; a 28-pixel tile would share blocks with its neighbour
JPEG_HEIGHT = 65_500  # pixels, at most


def quantise(z, low, high, levels):
    """Round each number of a code to one of `levels` evenly spaced values between low and high.

    Args:
        z: codes, (n, k).
        low, high: range of each latent variable, numbers or (k,).
        levels: how many values a number may take, an int >= 2.

    Shapes:
        (n, k) -> (n, k).

    Raises:
        ValueError: if `levels` is no int >= 2, or `low` is above `high`.
    """
    if levels != int(levels) or levels < 2:
        raise ValueError(f"levels must be an int of at least 2. Received: {levels}.")
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    if np.any(low > high):
        raise ValueError(f"low must not be above high. Received: low {low}, high {high}.")
    step = np.where(high > low, (high - low) / (levels - 1), 1.0)
    return low + np.round((np.clip(z, low, high) - low) / step) * step


def jpeg(images, quality):
    """Put images through JPEG, all in one file so that its header is shared.

    Args:
        images: (n, 28, 28) or (n, 28, 28, 1) in [0, 1].
        quality: 1 to 95, as Pillow counts.

    Returns:
        bits per image (header included, divided by n), and the decoded images (n, 28, 28) in
        [0, 1].

    Raises:
        ValueError: if the images, their number or the quality are none that fit into one file.
    """
    sheet = _sheet(images)
    if not 1 <= quality <= 95:  # Pillow takes 0 for "the usual quality"
        raise ValueError(f"quality goes from 1 to 95. Received: {quality}.")
    if len(sheet) > JPEG_HEIGHT:
        most = JPEG_HEIGHT // TILE * 10
        raise ValueError(f"One JPEG file holds {most:,} images. Received: {len(images):,}.")
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "jpeg", quality=quality, optimize=True)
    bits = 8 * buffer.tell() / len(images)
    decoded = np.asarray(Image.open(buffer), dtype=np.float32) / 255
    return bits, _tiles(decoded, len(images))


def png_bits(images):
    """Bits per image of one PNG file that holds them all, without loss."""
    buffer = io.BytesIO()
    Image.fromarray(_sheet(images)).save(buffer, "png", optimize=True)
    return 8 * buffer.tell() / len(images)


def _sheet(images):
    images = np.asarray(images)
    if images.ndim < 2 or not len(images) or images[0].size != 784:
        raise ValueError(f"Give images of 28 x 28 pixels. Received: shape {images.shape}.")
    if images.dtype.kind != "f":  # clipped to [0, 1] below, grey levels up to 255 would turn white
        raise ValueError(f"Give floats in [0, 1]: divide by 255. Received: {images.dtype}.")
    tiles = np.zeros((-(-len(images) // 10) * 10, TILE, TILE), np.uint8)
    grey = np.rint(np.clip(images.reshape(-1, 28, 28), 0, 1) * 255)
    tiles[: len(images), :28, :28] = grey.astype(np.uint8)
    rows = tiles.reshape(-1, 10, TILE, TILE).swapaxes(1, 2)
    return rows.reshape(-1, 10 * TILE)


def _tiles(sheet, n):
    tiles = sheet.reshape(-1, TILE, 10, TILE).swapaxes(1, 2).reshape(-1, TILE, TILE)
    return tiles[:n, :28, :28]
