"""course.photographs.video: evenly spaced frames, upright, and any of them again."""

import av
import numpy as np
import pytest
import skimage.data
from PIL import Image

from course.photographs import video
from course.photographs.pictures import Unusable
from course.photographs.video import count_frames, read_frame, read_frames

BACKGROUND = np.asarray(
    Image.fromarray(skimage.data.astronaut()).resize((128, 96), Image.Resampling.BOX)
)
CODECS = [c for c in ("mpeg4", "libx264") if c in av.codecs_available]


def numbered(i):
    """A picture that tells its number in eight blocks of black and white."""
    picture = BACKGROUND.copy()
    for bit in range(8):
        picture[:16, 16 * bit : 16 * bit + 16] = 255 * (i >> bit & 1)
    return picture


def number_of(picture):
    blocks = picture[4:12].reshape(8, 8, 16, 3)[:, :, 4:12].mean(axis=(0, 2, 3))
    assert ((blocks < 80) | (blocks > 175)).all(), blocks
    return int((blocks > 127) @ 2 ** np.arange(8))


def filmed(path, n=60, rate=10, codec="mpeg4", degrees=0, picture=numbered):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = picture(0).shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 2_000_000
        if degrees:
            stream.set_display_rotation(degrees)
        for i in range(n):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture(i)), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return filmed(tmp_path_factory.mktemp("video") / "clip é 数.mp4")


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", ["a.mp4", "a.MOV", "a.avi", "a.mkv"])
def test_containers_and_codecs(tmp_path, codec, name):
    path = filmed(tmp_path / name, n=12, codec=codec)
    assert path.suffix.lower() in video.SUFFIXES
    frames = list(read_frames(path, 100))
    assert [number_of(picture) for _, picture in frames] == list(range(12))
    for stamp, picture in frames[::-1]:  # backwards, so that it has to seek
        assert np.array_equal(read_frame(path, stamp), picture)


@pytest.mark.parametrize("most", [1, 7, 20, 60, 500])
def test_frames_are_spaced_evenly(clip, most):
    frames = [number_of(picture) for _, picture in read_frames(clip, most)]
    steps = set(np.diff(frames))
    assert len(frames) <= most and len(steps) <= 1
    assert len(frames) == count_frames(clip, most)
    assert frames[0] == 0 and len(frames) > min(most, 60) / 2
    if most > 1:
        assert frames[-1] >= 60 - 2 * max(steps)  # up to the end


def test_a_video_that_is_longer_than_it_says(clip, monkeypatch):
    monkeypatch.setattr(video, "_length", lambda stream: (0.0, 10.0))
    assert len(list(read_frames(clip, 7))) == 7


def test_frames_that_hardly_differ_are_not_all_taken(tmp_path):
    path = filmed(tmp_path / "a.mp4", n=100, rate=50)
    frames = [number_of(picture) for _, picture in read_frames(path, 300)]
    assert frames == list(range(0, 100, 5))  # a tenth of a second apart


def test_only_the_first_minutes_of_a_long_video(clip, monkeypatch):
    monkeypatch.setattr(video, "LONGEST", 2.0)
    frames = [number_of(picture) for _, picture in read_frames(clip, 300)]
    assert frames == list(range(21)) or frames == list(range(20))
    assert count_frames(clip, 300) == 20


@pytest.mark.skipif(not hasattr(av.VideoStream, "set_display_rotation"), reason="an older PyAV")
@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_a_telephone_held_sideways(tmp_path, degrees):
    """The camera stores its picture turned, and writes by how much to turn it back."""

    def stored(i):
        return np.rot90(numbered(i), -degrees // 90)

    path = filmed(tmp_path / "a.mp4", n=3, degrees=degrees, picture=stored)
    frames = list(read_frames(path, 10))
    assert [number_of(picture) for _, picture in frames] == [0, 1, 2]
    assert frames[1][1].shape == BACKGROUND.shape
    assert np.array_equal(read_frame(path, frames[1][0]), frames[1][1])


def test_large_frames_are_reduced(clip, monkeypatch):
    monkeypatch.setattr(video, "LONGEST_SIDE", 64)
    _, picture = next(read_frames(clip, 5))
    assert picture.shape == (48, 64, 3) and picture.flags.c_contiguous


@pytest.mark.parametrize("content", [b"", b"not a video", bytes(5000)])
def test_what_is_no_video(tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)
    for call in (count_frames, lambda *args: list(read_frames(*args))):
        with pytest.raises(Unusable, match="damaged or not a video: "):
            call(tmp_path / "a.mp4", 5)


def test_a_damaged_end_leaves_the_beginning(tmp_path):
    path = filmed(tmp_path / "a.avi")
    content = bytearray(path.read_bytes())
    half = len(content) // 2
    path.write_bytes(content[:half])
    frames = []
    try:
        for _, picture in read_frames(path, 100):
            frames.append(number_of(picture))
    except Unusable as problem:
        assert str(problem).startswith("damaged")
    assert frames[:10] == list(range(10)) and len(frames) < 60


def test_sound_alone(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(Unusable, match="no moving pictures"):
        list(read_frames(tmp_path / "a.mp4", 5))


def test_a_frame_that_is_not_there(clip):
    stamps = [stamp for stamp, _ in read_frames(clip, 100)]
    third, last = stamps[3], stamps[-1]
    for gone in (
        third._replace(time=third.time + 1),
        last._replace(time=last.time * 10),
        third._replace(pixels=last.pixels),
    ):
        with pytest.raises(Unusable, match="not there any more"):
            read_frame(clip, gone)
