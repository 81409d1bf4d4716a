"""course.data.cache: whole files or none, whatever happens to the disk or to the process."""

import errno
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.data import cache
from course.data.cache import cache_dir, forget, load_or_make, only_one, shown, write_whole

POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


class Maker:
    """A function that makes arrays, counts its calls and collects the lines that were said."""

    def __init__(self):
        self.calls, self.lines = 0, []

    def __call__(self):
        self.calls += 1
        return {"x": np.arange(500, dtype=np.uint8).reshape(5, 100), "y": np.array([1.5, -2.0])}

    def load(self, name="numbers"):
        return load_or_make(name, self, self.lines.append)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache folder whose path has a space and letters beyond ASCII."""
    path = tmp_path / "mon cache é 数"
    monkeypatch.setenv("COURSE_CACHE", str(path))
    return path


@pytest.fixture
def maker(folder):
    return Maker()


def assert_right(arrays):
    assert sorted(arrays) == ["x", "y"]
    assert arrays["x"].dtype == np.uint8
    assert arrays["x"].shape == (5, 100)
    assert arrays["x"].ravel().tolist() == [i % 256 for i in range(500)]
    assert arrays["y"].tolist() == [1.5, -2.0]


def data_files(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_arrays_are_made_once_and_then_read(maker, folder):
    assert_right(maker.load())
    assert_right(maker.load())
    assert (maker.calls, maker.lines) == (1, [])
    assert data_files(folder) == ["numbers.npz"]


def test_every_kind_of_array_comes_back_as_it_was(folder):
    arrays = {
        "big_end": np.array([1, 2], ">f4"),
        "truth": np.array([[True], [False]]),
        "text": np.array(["é", "long"]),
        "number": np.array(3.5),
        "nothing": np.zeros((0, 28, 28), np.float32),
        "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "nan": np.array([np.nan, np.inf]),
    }
    load_or_make("kinds", lambda: arrays)
    back = load_or_make("kinds", lambda: pytest.fail("not read from the cache"))
    assert back.keys() == arrays.keys()
    for key, array in arrays.items():
        assert (back[key].dtype, back[key].shape) == (array.dtype, array.shape), key
        np.testing.assert_array_equal(back[key], array)


def test_a_read_array_can_be_changed_without_changing_the_cache(maker):
    maker.load()
    maker.load()["x"][:] = 0
    assert_right(maker.load())
    assert maker.calls == 1


@pytest.mark.parametrize("kept", [0, 1, 100, 0.5, -1])
def test_a_truncated_file_is_made_again_and_said(maker, folder, kept):
    maker.load()
    file = folder / "numbers.npz"
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept) if isinstance(kept, float) else kept])
    assert_right(maker.load())
    assert_right(maker.load())
    assert maker.calls == 2
    assert len(maker.lines) == 1
    assert "numbers.npz is damaged" in maker.lines[0]
    assert data_files(folder) == ["numbers.npz"]


def test_a_changed_value_in_a_sound_npz_is_found(maker, folder):
    maker.load()
    with np.load(folder / "numbers.npz") as file:
        arrays = dict(file)
    arrays["x"][0, 0] = 99
    np.savez(folder / "numbers.npz", **arrays)
    assert_right(maker.load())
    assert maker.calls == 2
    assert "does not match its digest" in maker.lines[0]


@pytest.mark.parametrize("change", ["dtype", "shape", "key", "missing"])
def test_the_digest_covers_types_shapes_and_names(maker, folder, change):
    maker.load()
    with np.load(folder / "numbers.npz") as file:
        arrays = dict(file)
    if change == "dtype":
        arrays["x"] = arrays["x"].view(np.int8)
    elif change == "shape":
        arrays["x"] = arrays["x"].reshape(100, 5)
    elif change == "key":
        arrays["w"] = arrays.pop("x")  # the order of the names stays
    else:
        del arrays["x"]
    np.savez(folder / "numbers.npz", **arrays)
    assert_right(maker.load())
    assert maker.calls == 2


def test_a_file_under_another_name_is_not_taken(maker, folder):
    maker.load("one")
    (folder / "one.npz").rename(folder / "two.npz")
    maker.load("two")
    assert maker.calls == 2


def test_a_pickle_in_the_file_is_not_run(maker, folder, tmp_path):
    class Attack:
        def __reduce__(self):
            return Path.touch, (tmp_path / "attacked",)

    assert pickle.loads(pickle.dumps(Attack())) is None
    (tmp_path / "attacked").unlink()  # the attack works where pickles are run
    folder.mkdir()
    np.savez(folder / "numbers.npz", x=np.array([Attack()], dtype=object), allow_pickle=True)
    assert_right(maker.load())
    assert not (tmp_path / "attacked").exists()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(flips=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=4))
def test_flipped_bits_never_reach_the_reader(maker, folder, flips):
    maker.load()
    file = folder / "numbers.npz"
    content = bytearray(file.read_bytes())
    for where, bits in flips:
        content[int(where * (len(content) - 1))] ^= bits
    file.write_bytes(content)
    assert_right(maker.load())
    assert data_files(folder) == ["numbers.npz"]


def test_no_file_in_the_cache_is_needed_to_be_npz(maker, folder):
    folder.mkdir()
    buffer = io.BytesIO()
    np.save(buffer, np.arange(3))
    for content in (b"", b"hello", pickle.dumps([1]), buffer.getvalue()):
        (folder / "numbers.npz").write_bytes(content)
        assert_right(maker.load())
    assert maker.calls == 4


def test_a_cache_path_that_is_a_file(maker, folder):
    folder.write_text("I am a file")
    assert_right(maker.load())
    assert len(maker.lines) == 1
    assert "cannot be written" in maker.lines[0]
    assert "COURSE_CACHE" in maker.lines[0]
    assert folder.read_text() == "I am a file"


def test_a_file_of_the_cache_that_is_a_folder(maker, folder):
    (folder / "numbers.npz").mkdir(parents=True)
    assert_right(maker.load())
    assert len(maker.lines) == 1
    assert data_files(folder) == ["numbers.npz"]


@POSIX
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_that_is_read_only(maker, folder):
    maker.load("there")
    folder.chmod(0o500)
    try:
        assert_right(maker.load("there"))
        assert maker.lines == []
        assert_right(maker.load("new"))
    finally:
        folder.chmod(0o700)
    assert len(maker.lines) == 1
    assert data_files(folder) == ["there.npz"]


def test_a_folder_that_cannot_be_made(maker, folder, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert_right(maker.load())
    assert maker.calls == 1
    assert len(maker.lines) == 1
    assert "cannot be written (Permission denied)" in maker.lines[0]


class FullDisk(io.FileIO):
    def write(self, content):
        super().write(bytes(content[:50]))
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_costs_a_line_and_leaves_no_part(maker, folder, monkeypatch):
    monkeypatch.setattr(cache, "open", FullDisk, raising=False)
    assert_right(maker.load())
    assert len(maker.lines) == 1
    assert "cannot be written (No space left on device)" in maker.lines[0]
    assert data_files(folder) == []


def test_a_full_disk_does_not_cost_the_damaged_file_we_cannot_replace(maker, folder, monkeypatch):
    maker.load()
    (folder / "numbers.npz").write_bytes(b"damaged")
    monkeypatch.setattr(cache, "open", FullDisk, raising=False)
    assert_right(maker.load())
    assert data_files(folder) == ["numbers.npz"]
    assert len(maker.lines) == 2


def test_an_interrupt_while_writing_leaves_no_part(maker, folder, monkeypatch):
    class Interrupted(io.FileIO):
        def write(self, content):
            super().write(bytes(content[:50]))
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cache, "open", Interrupted, raising=False)
        with pytest.raises(KeyboardInterrupt):
            maker.load()
    assert data_files(folder) == []
    assert_right(maker.load())


def test_a_maker_that_fails_leaves_nothing_and_frees_the_lock(maker, folder):
    with pytest.raises(ZeroDivisionError):
        load_or_make("numbers", lambda: 1 / 0)
    assert data_files(folder) == []
    assert_right(maker.load())


def test_one_maker_may_use_another(folder, maker):
    made = load_or_make("outer", lambda: {"twice": maker.load("inner")["y"] * 2})
    assert made["twice"].tolist() == [3.0, -4.0]
    assert data_files(folder) == ["inner.npz", "outer.npz"]


@pytest.mark.parametrize(
    "name", ["", "../up", "a/b", "a\\b", ".hidden", "é", "a b", "a\n", None, 3]
)
def test_a_name_that_is_no_plain_file_name(folder, name):
    with pytest.raises(ValueError, match="Received: "):
        load_or_make(name, dict)
    assert not folder.exists()


@pytest.mark.parametrize(
    "arrays",
    [
        None,
        [np.zeros(3)],
        {"x": [1, 2]},
        {"x": np.array([None])},
        {3: np.zeros(3)},
        {"a/b": np.zeros(3)},
        {"file": np.zeros(3)},
        {cache.DIGEST: np.zeros(3)},
    ],
)
def test_a_maker_that_returns_anything_but_arrays(folder, arrays):
    with pytest.raises(TypeError, match="Received"):
        load_or_make("numbers", lambda: arrays)
    assert data_files(folder) == []


def test_forget_removes_the_old_ones_alone(maker, folder):
    for name in ("drawn-old-0", "drawn-new-0", "drawn-new-1", "judge-old"):
        maker.load(name)
    forget("drawn-", keep="drawn-new-")
    assert data_files(folder) == ["drawn-new-0.npz", "drawn-new-1.npz", "judge-old.npz"]


def test_forget_in_a_cache_that_is_not_there(folder):
    forget("drawn-", keep="drawn-new-")
    assert not folder.exists()


def test_write_whole_replaces_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / "new" / "file"
    write_whole(path, b"old")
    seen = []

    class Looking(io.FileIO):
        def write(self, content):
            seen.append(path.read_bytes())
            return super().write(content)

    monkeypatch.setattr(cache, "open", Looking, raising=False)
    write_whole(path, b"new")
    assert seen == [b"old"]
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


@POSIX
def test_a_reader_in_the_middle_keeps_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with open(path, "rb") as reader:
        write_whole(path, b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"


# --- several processes ---------------------------------------------------------------------------

PROCESS = """
import sys, time
import numpy as np
from pathlib import Path
from course.data.cache import load_or_make

def make():
    with open(sys.argv[1], "a") as log:
        log.write("made\\n")
    time.sleep(float(sys.argv[2]))
    return {"x": np.arange(200_000)}

arrays = load_or_make("slow", make)
assert arrays["x"].sum() == 199_999 * 100_000
print("right", flush=True)
"""


def start(log, seconds):
    command = [sys.executable, "-c", PROCESS, str(log), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.02)


def test_two_processes_make_the_arrays_once(folder, tmp_path):
    log = tmp_path / "log"
    first, second = start(log, 1.5), start(log, 1.5)
    said = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    assert log.read_text() == "made\n"
    assert sorted(said)[0] == 'Another process is making "slow". Waiting for it.\nright\n'
    assert sorted(said)[1] == "right\n"
    assert data_files(folder) == ["slow.npz"]


@POSIX
def test_a_process_that_was_killed_blocks_nobody(folder, tmp_path):
    log = tmp_path / "log"
    first = start(log, 60)
    try:
        wait_for(log.exists)
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    (folder / ".slow.npz.0badcafe.tmp").write_bytes(b"half a file of the killed process")
    begin = time.monotonic()
    second = start(log, 0)
    assert second.communicate(timeout=60)[0] == "right\n"
    assert time.monotonic() - begin < 20
    assert log.read_text() == "made\nmade\n"
    assert data_files(folder) == ["slow.npz"]


def test_an_old_lock_file_does_not_block(maker, folder):
    folder.mkdir()
    (folder / "numbers.lock").write_text("left behind")
    begin = time.monotonic()
    assert_right(maker.load())
    assert maker.lines == []
    assert time.monotonic() - begin < 5


def test_patience_ends(folder):
    """A lock that is never freed costs the work a second time, not the day."""
    held, done, lines = threading.Event(), threading.Event(), []

    def hold():
        with only_one("numbers") as alone:
            assert alone
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(30)
        begin = time.monotonic()
        with only_one("numbers", lines.append, patience=0.2) as alone:
            assert not alone
        assert time.monotonic() - begin < 10
    finally:
        done.set()
        thread.join()
    assert lines == ['Another process is making "numbers". Waiting for it.']
    with only_one("numbers") as alone:
        assert alone


def test_a_file_system_without_locks(maker, folder, monkeypatch):
    def refuse(*args, **kwargs):
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(cache.FileLock, "acquire", refuse)
    assert_right(maker.load())
    assert_right(maker.load())
    assert (maker.calls, maker.lines) == (1, [])


# --- where the cache is --------------------------------------------------------------------------


def test_cache_dir_is_the_one_that_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_CACHE", "relative")
    assert cache_dir() == tmp_path / "relative"
    monkeypatch.setenv("COURSE_CACHE", os.path.join("~", "x"))
    assert cache_dir() == Path.home() / "x"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_cache_dir_is_in_the_users_cache_otherwise(monkeypatch, value):
    monkeypatch.delenv("COURSE_CACHE", raising=False)
    if value is not None:
        monkeypatch.setenv("COURSE_CACHE", value)
    assert cache_dir().is_absolute()
    assert "autoencoder-course" in cache_dir().parts


def test_a_relative_cache_folder_is_not_taken(monkeypatch, tmp_path):
    """Older versions of platformdirs give one to a user without a home."""
    monkeypatch.delenv("COURSE_CACHE", raising=False)
    monkeypatch.setattr(cache, "user_cache_path", lambda name: Path("~", ".cache", name))
    monkeypatch.setattr(cache.tempfile, "tempdir", str(tmp_path))
    assert cache_dir().parent == tmp_path


@POSIX
def test_a_user_without_a_home(monkeypatch, tmp_path):
    import pwd

    def unknown(uid):
        raise KeyError(uid)

    for name in ("COURSE_CACHE", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(cache.tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert cache_dir() == tmp_path / f"autoencoder-course-{os.getuid()}"
    assert shown(cache_dir()) == str(cache_dir())
    assert_right(Maker().load())
    assert not (tmp_path / "~").exists()


def test_shown_has_no_home_and_nothing_that_cannot_be_printed(monkeypatch):
    home = os.path.expanduser("~")
    assert shown(Path(home, "a b", "é")) == os.path.join("~", "a b", "é")
    assert shown(home + "body") == home + "body"
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    print(shown(os.path.join(home, "é")))
    sys.stdout.flush()
    assert sys.stdout.buffer.getvalue().decode().split() == [os.path.join("~", "\\xe9")]
