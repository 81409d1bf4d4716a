"""A looping picture of something that changes: faces on their way, a network while it learns.

It needs no kernel, no script and no network, so it moves in a saved page too. Readers whose system
asks for less motion get the last frame; a chapter draws the same as a still strip besides.
"""

import base64
import html
import io

import numpy as np
from PIL import Image

from course.panels import Panel, show

WIDTH = 320  # screen pixels, unless told
QUALITY = 80  # of the lossy WebP; 100 is ten times the bytes for the same eye
HOLD = 4  # the last frame stays this many times longer than the others


def animate(frames, *, title, seconds=4.0, width=WIDTH):
    """Show frames one after the other, again and again.

    Args:
        frames: grey (n, h, w) or colour (n, h, w, 3); floats in [0, 1] or uint8.
        title: what changes, for readers who cannot see it.
        seconds: how long one round takes.
        width: width on the screen, in pixels.

    Raises:
        ValueError: if there are no two frames, they are no pictures, or a float is outside [0, 1].
    """
    frames = _bytes(frames)
    if not (seconds > 0 and width >= 1):
        raise ValueError(
            f"An animation takes time and room. Received: seconds={seconds}, width={width}."
        )
    moving = _webp(frames, 1000 * seconds / (len(frames) - 1 + HOLD))
    still = _webp(frames[-1:])
    sharp = "image-rendering:pixelated;" if width > frames.shape[2] else ""
    markup = (
        f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
        f'<img src="{moving}" alt="{html.escape(title)}" '
        f'style="{sharp}width:{width:g}px;max-width:100%"></picture>'
    )
    show(Panel(f"[animation: {title}]", markup))


def frame_of(figure):
    """The picture of a Matplotlib figure, which is closed. -> uint8 (h, w, 3)."""
    import matplotlib.pyplot as plt
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = np.array(canvas.buffer_rgba())[..., :3]
    plt.close(figure)
    return picture


def _bytes(frames):
    frames = np.asarray(frames)
    colour = frames.ndim == 4 and frames.shape[-1] == 3
    if not (frames.ndim == 3 or colour) or len(frames) < 2 or 0 in frames.shape:
        raise ValueError(
            "Give two frames or more, grey (n, h, w) or colour (n, h, w, 3). "
            f"Received: shape {frames.shape}."
        )
    if frames.dtype == np.uint8:
        return frames
    # Written so that NaN is refused too.
    if frames.dtype.kind != "f" or not (frames.min() >= 0 and frames.max() <= 1):
        raise ValueError(
            "Frames are floats in [0, 1] or uint8; clip what a network made with np.clip(x, 0, 1). "
            f"Received: {frames.dtype} from {frames.min()} to {frames.max()}."
        )
    return np.round(255 * frames).astype(np.uint8)


def _webp(frames, milliseconds=1000.0):
    """A data address that a page can show."""
    first, *others = (Image.fromarray(frame).convert("RGB") for frame in frames)
    times = [max(1, round(milliseconds))] * len(frames)
    times[-1] *= HOLD
    buffer = io.BytesIO()
    first.save(
        buffer,
        "webp",
        save_all=True,
        append_images=others,
        duration=times if others else 0,
        loop=0,
        quality=QUALITY,
        method=6,
    )
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
