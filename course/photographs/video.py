"""Frames of a short video: some, evenly spaced, and any of them again later."""

import contextlib
import zlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from course.photographs.extra import need
from course.photographs.pictures import LONGEST_SIDE, Unusable

SUFFIXES = {".3gp", ".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm"}
APART = 0.1  # seconds between two frames that are taken: nearer ones hardly differ
LONGEST = 300.0  # seconds that are read


class Stamp(NamedTuple):
    """What tells a frame from the others of a video.

    Args:
        time: in units of the video's own clock.
        pixels: a checksum of the frame as it was read.
    """

    time: int
    pixels: int


def count_frames(path, most):
    """How many frames `read_frames` will give, roughly.

    Raises:
        Unusable: if it is no video.
    """
    with _opened(path) as (_, stream):
        seconds, rate = _length(stream)
        return max(1, min(most, -(-round(seconds * rate) // _step(seconds, rate, most))))


def read_frames(path, most):
    """Yield pairs (Stamp, picture) of at most `most` frames, evenly spaced, upright.

    Raises:
        Unusable: where the video cannot be read, or cannot be read further.
    """
    with _opened(path) as (container, stream):
        seconds, rate = _length(stream)
        step = _step(seconds, rate, most)
        end = (stream.start_time or 0) + LONGEST / float(stream.time_base)
        taken = 0
        for i, frame in enumerate(container.decode(stream)):
            if taken == most or (frame.pts is not None and frame.pts > end):
                return
            if i % step == 0:
                if frame.pts is None:
                    raise Unusable("frames without time stamps: convert it to MP4")
                taken += 1
                picture = _upright(frame)
                yield Stamp(frame.pts, zlib.crc32(picture)), picture
        if not taken:
            raise Unusable("a video without a single frame")


def read_frame(path, stamp):
    """Read one frame again.

    A jump to its time is tried first. Some files count time differently after a jump, so the pixels
    are compared too; where the jump does not lead to the frame, the video is read from its start.

    Args:
        path: the video.
        stamp: its Stamp, as from `read_frames`.

    Raises:
        Unusable: if the video has no such frame.
    """
    with contextlib.suppress(Unusable):
        return _search(path, stamp, jump=True)
    return _search(path, stamp, jump=False)


def _search(path, stamp, jump):
    with _opened(path) as (container, stream):
        if jump:
            container.seek(stamp.time, stream=stream)  # to the last key frame before it
        for frame in container.decode(stream):
            if frame.pts == stamp.time:
                picture = _upright(frame)
                if zlib.crc32(picture) == stamp.pixels:
                    return picture
            elif jump and frame.pts is not None and frame.pts > stamp.time:
                break
    raise Unusable("its frame is not there any more")


@contextlib.contextmanager
def _opened(path):
    av = need("av")
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise Unusable("no moving pictures in it")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            yield container, stream
    except av.error.FFmpegError as error:
        raise Unusable(f"damaged or not a video: {error.strerror}") from error
    except UnicodeError as error:
        raise Unusable("a file name that cannot be passed on: rename it") from error


def _length(stream):
    """Seconds (of what is read) and frames a second, guessed where the file does not say."""
    rate = float(stream.average_rate or 25)
    if stream.duration is not None:
        seconds = float(stream.duration * stream.time_base)
    elif stream.frames:
        seconds = stream.frames / rate
    elif stream.container.duration:
        seconds = stream.container.duration / 1e6
    else:
        seconds = 0.0
    return min(seconds, LONGEST), rate


def _step(seconds, rate, most):
    """Every how many frames one is taken."""
    return max(1, round(APART * rate), -(-round(seconds * rate) // most))


def _upright(frame):
    """A frame as (h, w, 3) uint8, turned as the file says: telephones film sideways."""
    picture = frame.to_ndarray(format="rgb24")
    picture = np.rot90(picture, round(frame.rotation / 90) % 4)
    if max(picture.shape[:2]) > LONGEST_SIDE:
        small = Image.fromarray(np.ascontiguousarray(picture))
        small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX)
        picture = np.array(small)
    return np.ascontiguousarray(picture)
