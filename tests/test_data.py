"""course.data: which digits are taken and why, whatever the disk, the cache or the network does."""

import dataclasses
import errno
import gzip
import hashlib
import http.server
import importlib.util
import io
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from course.data import (
    DataError,
    digits,
    digits_source,
    download,
    drawn,
    keras_cache,
    load_digits,
)
from course.data.fashion import FASHION
from course.data.mnist import MNIST

REAL = keras_cache.keras_home()  # before a test changes the environment


def small_arrays(seed):
    rng = np.random.default_rng(seed)
    return {
        "x_train": rng.integers(0, 256, (30, 28, 28), dtype=np.uint8),
        "y_train": rng.integers(0, 10, 30, dtype=np.uint8),
        "x_test": rng.integers(0, 256, (10, 28, 28), dtype=np.uint8),
        "y_test": rng.integers(0, 10, 10, dtype=np.uint8),
    }


def npz(arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def idx(array):
    lengths = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes(), mtime=0)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def small(published, arrays, contents, base):
    """A data set like `published`, with other arrays, published at another address."""
    return dataclasses.replace(
        published,
        files={name: (f"{base}/{name}", sha256(content)) for name, content in contents.items()},
        arrays={name: (array.shape, sha256(array.tobytes())) for name, array in arrays.items()},
    )


CLOTHES = small_arrays(2)
CLOTHES_FILES = {
    "train-images-idx3-ubyte.gz": idx(CLOTHES["x_train"]),
    "train-labels-idx1-ubyte.gz": idx(CLOTHES["y_train"]),
    "t10k-images-idx3-ubyte.gz": idx(CLOTHES["x_test"]),
    "t10k-labels-idx1-ubyte.gz": idx(CLOTHES["y_test"]),
}
ARRAYS = small_arrays(1)
GOOD = npz(ARRAYS)


class Server(http.server.ThreadingHTTPServer):
    """A web server on this machine. The first part of an address says how it behaves."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.gets, self.stop = [], threading.Event()
        self.address = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        pass  # a client that gave up is what we test


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_HEAD(self):
        way = self.path.split("/")[1]
        if way == "silent":
            self.server.stop.wait(30)
        self.send_response(404 if way == "gone" else 200)
        self.send_header("Content-Length", str(len(GOOD)))
        self.end_headers()

    def do_GET(self):
        self.server.gets.append(self.path)
        way = self.path.split("/")[1]
        content = GOOD
        if way == "hanging":
            self.server.stop.wait(30)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if way == "truncated":
            self.wfile.write(content[:1000])
        elif way == "wrong":
            self.wfile.write(bytes(len(content)))
        elif way == "dripping":
            while not self.server.stop.wait(0.1):
                self.wfile.write(b"x")
                self.wfile.flush()
        else:
            self.wfile.write(content)


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.stop.set()
        server.shutdown()
        thread.join()


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Empty caches, small data sets, no network: a port where nobody listens."""
    for name in ("COURSE_DATA", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "course é cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras é home"))
    monkeypatch.setattr(digits, "TRAIN", 60)
    monkeypatch.setattr(digits, "TEST", 20)
    base = f"http://127.0.0.1:{closed_port()}"
    use(monkeypatch, base)
    return tmp_path


def use(monkeypatch, base):
    published = {
        "mnist": small(MNIST, ARRAYS, {"mnist.npz": GOOD}, base),
        "fashion": small(FASHION, CLOTHES, CLOTHES_FILES, base),
    }
    monkeypatch.setattr(digits, "PUBLISHED", published)


@pytest.fixture
def mnist_file(home):
    path = home / "keras é home" / "datasets" / "mnist.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(GOOD)
    return path


@pytest.fixture
def fashion_folder(home):
    folder = home / "keras é home" / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for name, content in CLOTHES_FILES.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def quick_drawing(monkeypatch):
    """Replace the drawing by noise and collect the (n, seed) it was called with."""
    calls = []

    def draw(n, seed):
        calls.append((n, seed))
        rng = np.random.default_rng(seed)
        images = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        return images, rng.integers(0, 10, n, dtype=np.uint8)

    monkeypatch.setattr(drawn, "draw_digits", draw)
    return calls


def assert_loaded(loaded, arrays):
    (x_train, y_train), (x_test, y_test) = loaded
    for x, raw in ((x_train, arrays["x_train"]), (x_test, arrays["x_test"])):
        assert (x.dtype, x.shape) == (np.float32, (len(raw), 28, 28, 1))
        np.testing.assert_allclose(x[..., 0], raw.astype(np.float64) / 255, rtol=1e-7)
    for y, raw in ((y_train, arrays["y_train"]), (y_test, arrays["y_test"])):
        assert y.dtype == np.int64
        assert y.tolist() == raw.tolist()


def files_below(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


# --- which source --------------------------------------------------------------------------------


def test_mnist_in_the_keras_cache_is_taken(mnist_file, quick_drawing):
    lines = []
    assert_loaded(load_digits(say=lines.append), ARRAYS)
    assert lines == [f"Digits: MNIST, 30 + 10 images, from {keras_cache.shown(mnist_file)}"]
    assert digits_source() == ("mnist", f"found in {keras_cache.shown(mnist_file)}")
    assert quick_drawing == []


def test_fashion_is_taken_when_asked_for(fashion_folder):
    lines = []
    assert_loaded(load_digits("fashion", say=lines.append), CLOTHES)
    assert lines == [
        f"Clothes: Fashion-MNIST, 30 + 10 images, from {keras_cache.shown(fashion_folder)}"
    ]
    assert digits_source("fashion").name == "fashion"


def test_without_network_auto_draws_and_says_why(quick_drawing):
    lines = []
    (x_train, _), (x_test, _) = load_digits(say=lines.append)
    assert (len(x_train), len(x_test)) == (60, 20)
    fault = "MNIST is not in the Keras cache"
    why = f"{fault} and could not be downloaded: 127.0.0.1 refuses the connection"
    assert lines[0].startswith("Drawing 80 digits")
    assert lines[1:] == [f"Digits: drawn digits, 60 + 20 images ({why})"]
    assert digits_source() == ("drawn", f"{why}; they are in the cache")


@pytest.mark.parametrize("source", ["mnist", "fashion"])
@pytest.mark.parametrize("how", ["argument", "variable"])
@pytest.mark.parametrize("function", [load_digits, digits_source])
def test_a_forced_source_without_network_is_an_error_that_helps(
    source, how, function, monkeypatch, home
):
    monkeypatch.setenv("COURSE_DATA", source if how == "variable" else "drawn")
    with pytest.raises(DataError) as caught:
        function(source) if how == "argument" else function()
    text = str(caught.value)
    assert "is not in the Keras cache and could not be downloaded: 127.0.0.1 refuses" in text
    assert "COURSE_DATA=drawn" in text
    for address, digest in digits.PUBLISHED[source].files.values():
        assert address in text
        assert digest in text
    assert keras_cache.shown(home / "keras é home" / "datasets") in text


def test_the_variable_decides_and_the_argument_wins(mnist_file, quick_drawing, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", " Drawn ")
    lines = []
    load_digits(say=lines.append)
    assert lines[-1] == "Digits: drawn digits, 60 + 20 images (COURSE_DATA=drawn)"
    assert digits_source().name == "drawn"
    assert_loaded(load_digits("mnist", say=lines.append), ARRAYS)
    monkeypatch.setenv("COURSE_DATA", "mnist")
    load_digits("drawn", say=lines.append)
    assert lines[-1] == "Digits: drawn digits, 60 + 20 images (asked for)"
    monkeypatch.setenv("COURSE_DATA", "")
    assert digits_source().name == "mnist"


@pytest.mark.parametrize("source", ["cifar", "MNIST", "", None, 3, ["mnist"]])
@pytest.mark.parametrize("function", [load_digits, digits_source])
def test_an_unknown_source(source, function):
    with pytest.raises(ValueError, match="auto, mnist, fashion, drawn") as caught:
        function(source)
    assert f"Received: {source!r}" in str(caught.value)


def test_an_unknown_source_in_the_variable(monkeypatch, mnist_file):
    monkeypatch.setenv("COURSE_DATA", "cifar")
    with pytest.raises(ValueError, match=r"COURSE_DATA .* Received: 'cifar'"):
        load_digits()
    assert_loaded(load_digits("mnist", say=[].append), ARRAYS)


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ValueError), (0.5, TypeError), ("0", TypeError), (None, TypeError)]
)
def test_a_bad_seed(seed, error):
    with pytest.raises(error, match=r"`seed` must be an int >= 0\. Received: "):
        load_digits("drawn", seed=seed)


# --- damaged files -------------------------------------------------------------------------------

DAMAGES = {
    "empty": b"",
    "truncated": GOOD[:-500],
    "half": GOOD[: len(GOOD) // 2],
    "text": b"<html>Please log in</html>",
    "flipped": GOOD[:5000] + bytes([GOOD[5000] ^ 1]) + GOOD[5001:],
    "other values": npz(ARRAYS | {"x_test": ARRAYS["x_test"] ^ 1}),
    "other labels": npz(ARRAYS | {"y_train": np.roll(ARRAYS["y_train"], 1)}),
    "other shape": npz(ARRAYS | {"x_train": ARRAYS["x_train"].reshape(30, 784)}),
    "other type": npz(ARRAYS | {"y_test": ARRAYS["y_test"].view(np.int8)}),
    "array missing": npz({key: ARRAYS[key] for key in ("x_train", "y_train", "x_test")}),
    "objects": npz(ARRAYS | {"y_test": np.array([None, "x"], dtype=object)}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_without_network(damage, mnist_file, quick_drawing):
    mnist_file.write_bytes(DAMAGES[damage])
    lines = []
    load_digits(say=lines.append)
    assert f"{keras_cache.shown(mnist_file)} is damaged (" in lines[-1]
    assert "could not be replaced: 127.0.0.1 refuses the connection" in lines[-1]
    assert digits_source().name == "drawn"
    with pytest.raises(DataError, match=r"mnist\.npz is damaged .*COURSE_DATA=drawn"):
        load_digits("mnist")
    assert mnist_file.read_bytes() == DAMAGES[damage]  # not ours to delete


def test_a_pickle_in_the_file_is_not_run(mnist_file, home):
    class Attack:
        def __reduce__(self):
            return Path.touch, (home / "attacked",)

    attack = np.array([Attack()], dtype=object)
    mnist_file.write_bytes(npz(ARRAYS | {"y_test": attack}))
    with np.load(mnist_file, allow_pickle=True) as file:
        assert file["y_test"] == [None]
    (home / "attacked").unlink()  # the attack works where pickles are run
    with pytest.raises(DataError, match="damaged"):
        load_digits("mnist")
    assert not (home / "attacked").exists()


def test_a_file_that_was_packed_again_is_good(mnist_file):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict(reversed(ARRAYS.items())))
    mnist_file.write_bytes(buffer.getvalue())
    assert_loaded(load_digits("mnist", say=[].append), ARRAYS)


def test_clothes_that_were_packed_again_are_good(fashion_folder):
    file = fashion_folder / "t10k-images-idx3-ubyte.gz"
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()), 1))
    assert file.read_bytes() != CLOTHES_FILES[file.name]
    assert_loaded(load_digits("fashion", say=[].append), CLOTHES)


DAMAGED_LABELS = {
    "empty": b"",
    "text": b"text",
    "truncated": CLOTHES_FILES["t10k-labels-idx1-ubyte.gz"][:-9],
    "no header": gzip.compress(b"\0\0\x08"),
    "floats": gzip.compress(b"\0\0\x0d\x01" + bytes([0, 0, 0, 10]) + CLOTHES["y_test"].tobytes()),
    "other values": idx(CLOTHES["y_test"] ^ 1),
    "other length": idx(CLOTHES["y_train"]),
}


@pytest.mark.parametrize("content", DAMAGED_LABELS.values(), ids=DAMAGED_LABELS)
def test_damaged_clothes_without_network(content, fashion_folder):
    (fashion_folder / "t10k-labels-idx1-ubyte.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz is damaged"):
        load_digits("fashion")


def test_one_file_of_the_clothes_is_missing(fashion_folder):
    (fashion_folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match="Fashion-MNIST is not in the Keras cache"):
        load_digits("fashion")


def test_a_folder_in_place_of_the_file(mnist_file, quick_drawing):
    mnist_file.unlink()
    mnist_file.mkdir()
    lines = []
    load_digits(say=lines.append)
    assert "mnist.npz is unreadable (" in lines[-1]


def test_a_file_in_place_of_the_keras_home(home, quick_drawing):
    (home / "keras é home").write_text("I am a file")
    lines = []
    load_digits(say=lines.append)
    assert "MNIST is not in the Keras cache" in lines[-1]


# --- downloads -----------------------------------------------------------------------------------


def test_a_bad_download_ends_with_its_reason(server, monkeypatch):
    """Through Keras itself, from four bad servers at once, since each download starts Keras."""
    reasons = {
        "truncated": "retrieval incomplete",
        "wrong": "Incomplete or corrupted file detected",
        "hanging": "timed out",
        "dripping": "it took longer than 4 s",
    }
    monkeypatch.setattr(download, "STALL", 1.5)
    monkeypatch.setattr(download, "LIMIT", 4.0)

    def fetch(way):
        address = f"{server.address}/{way}/mnist.npz"
        with pytest.raises(DataError) as caught:
            download.fetch({"mnist.npz": (address, sha256(GOOD))})
        return str(caught.value)

    begin = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        said = dict(zip(reasons, pool.map(fetch, reasons), strict=True))
    for way, reason in reasons.items():
        assert said[way].startswith(reason), said
    assert time.monotonic() - begin < 100  # the worker ended itself before we lost patience


def test_two_at_once_replace_a_damaged_file_by_one_download(server, mnist_file, monkeypatch):
    """The whole way through Keras: the damaged file is replaced, the file is fetched once."""
    mnist_file.write_bytes(DAMAGES["truncated"])
    use(monkeypatch, f"{server.address}/good")
    server.gets.clear()
    assert digits_source() == (
        "mnist",
        "not complete in the Keras cache; 11 MB would be downloaded",
    )
    assert server.gets == []
    lines = []
    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(load_digits, "mnist", say=lines.append) for _ in range(2)]
        for loaded in tries:
            assert_loaded(loaded.result(timeout=100), ARRAYS)
    assert server.gets == ["/good/mnist.npz"]
    assert sum("damaged" in line and "replaced by a fresh download" in line for line in lines) == 1
    assert sum(line.startswith("Downloading MNIST, 11 MB") for line in lines) == 1
    assert sum(line.endswith(f"from {keras_cache.shown(mnist_file)}") for line in lines) == 2
    assert mnist_file.read_bytes() == GOOD
    assert files_below(mnist_file.parents[1]) == ["datasets/mnist.npz"]


@pytest.fixture
def quick_fetch(server, monkeypatch):
    """A network that has all files, without Keras; collects the names of those fetched."""
    use(monkeypatch, f"{server.address}/good")
    names = []

    def fetch(files):
        names.extend(files)
        return {name: {"mnist.npz": GOOD, **CLOTHES_FILES}[name] for name in files}

    monkeypatch.setattr(download, "fetch", fetch)
    return names


def test_only_what_is_missing_or_damaged_is_fetched(fashion_folder, quick_fetch):
    (fashion_folder / "t10k-labels-idx1-ubyte.gz").unlink()
    (fashion_folder / "train-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    lines = []
    assert_loaded(load_digits("fashion", say=lines.append), CLOTHES)
    assert sorted(quick_fetch) == ["t10k-labels-idx1-ubyte.gz", "train-labels-idx1-ubyte.gz"]
    assert {path.name: path.read_bytes() for path in fashion_folder.iterdir()} == CLOTHES_FILES
    assert_loaded(load_digits("fashion", say=lines.append), CLOTHES)
    assert len(quick_fetch) == 2


def test_a_keras_cache_that_cannot_be_written(home, quick_fetch):
    (home / "keras é home").write_text("I am a file")
    lines = []
    assert_loaded(load_digits("mnist", say=lines.append), ARRAYS)
    assert sum("cannot be written" in line for line in lines) == 1
    assert lines[-1] == "Digits: MNIST, 30 + 10 images, from a download that is not kept"


def test_a_full_disk_below_the_keras_cache(mnist_file, quick_fetch, monkeypatch):
    class FullDisk(io.FileIO):
        def write(self, content):
            super().write(bytes(content[:50]))
            raise OSError(errno.ENOSPC, "No space left on device")

    mnist_file.write_bytes(b"damaged")
    monkeypatch.setattr("course.data.cache.open", FullDisk, raising=False)
    lines = []
    assert_loaded(load_digits("mnist", say=lines.append), ARRAYS)
    assert sum("(No space left on device)" in line for line in lines) == 1
    assert files_below(mnist_file.parent) == ["mnist.npz"]
    assert mnist_file.read_bytes() == b"damaged"


def test_a_download_that_breaks_off_falls_back(server, mnist_file, quick_drawing, monkeypatch):
    mnist_file.write_bytes(b"damaged")
    use(monkeypatch, f"{server.address}/good")

    def fetch(files):
        raise DataError("timed out")

    monkeypatch.setattr(download, "fetch", fetch)
    lines = []
    load_digits(say=lines.append)
    assert "could not be replaced: timed out" in lines[-1]
    assert mnist_file.read_bytes() == b"damaged"
    with pytest.raises(DataError, match=r"could not be replaced: timed out.*What to do"):
        load_digits("mnist", say=lines.append)


def test_an_interrupted_download_leaves_nothing(server, home, monkeypatch):
    temporary = home / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(download.tempfile, "tempdir", str(temporary))
    use(monkeypatch, f"{server.address}/good")

    def run(command, *, env, **options):
        Path(env["KERAS_HOME"], "mnist.npz").write_bytes(GOOD[:1000])
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(KeyboardInterrupt):
        load_digits(say=[].append)
    assert files_below(temporary) == []
    assert not (home / "keras é home").exists()


def test_a_worker_that_never_ends(server, monkeypatch):
    def run(command, *, timeout, **options):
        assert timeout == download.LIMIT + download.STARTING
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(DataError, match="longer than 180 s"):
        download.fetch({"mnist.npz": (f"{server.address}/good/mnist.npz", sha256(GOOD))})


def test_no_room_for_temporary_files(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(DataError, match="No space left on device"):
        download.fetch({"mnist.npz": ("http://127.0.0.1/x", "0" * 64)})


def test_a_server_without_the_file(server):
    assert download.obstacle(f"{server.address}/good/mnist.npz") is None
    reason = download.obstacle(f"{server.address}/gone/mnist.npz")
    assert reason == "127.0.0.1 answers 404 Not Found"


def test_a_silent_server_costs_a_moment(server, monkeypatch):
    monkeypatch.setattr(download, "LOOK", 0.5)
    begin = time.monotonic()
    reason = download.obstacle(f"{server.address}/silent/mnist.npz")
    assert "no answer from 127.0.0.1 within" in reason
    assert time.monotonic() - begin < 3


def test_a_name_service_that_hangs_costs_a_moment(monkeypatch):
    stop = threading.Event()

    def hang(*args, **kwargs):
        stop.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(download, "LOOK", 0.5)
    begin = time.monotonic()
    try:
        assert "within" in download.obstacle("https://example.org/x")
    finally:
        stop.set()
    assert time.monotonic() - begin < 3


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        OSError(errno.ENETUNREACH, "Network is unreachable"),
        OSError(errno.EHOSTUNREACH, "No route to host"),
    ],
)
def test_no_network(error, monkeypatch):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert download.obstacle("https://example.org/x").startswith("no network, example.org cannot")


def test_a_proxy_that_is_no_address(monkeypatch):
    monkeypatch.setenv("https_proxy", "ftp:/x")
    monkeypatch.delenv("no_proxy", raising=False)
    assert download.obstacle("https://example.org/x").startswith("example.org: ")


def test_the_digits_need_no_network_and_no_keras():
    """A process in which neither can be had draws digits all the same."""
    code = (
        "import socket, sys\n"
        "sys.modules['keras'] = sys.modules['tensorflow'] = None\n"
        "from course.data import digits, load_digits\n"
        "socket.socket = socket.getaddrinfo = None\n"
        "digits.TRAIN, digits.TEST = 20, 10\n"
        "print(load_digits('drawn')[0][0].shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "(20, 28, 28, 1)"


# --- drawn digits --------------------------------------------------------------------------------


def test_drawn_digits_are_those_of_the_generator():
    lines = []
    assert "drawing them takes" in digits_source("drawn").why
    loaded = load_digits("drawn", seed=3, say=lines.append)
    x_train, y_train = drawn.draw_digits(60, seed=6)
    x_test, y_test = drawn.draw_digits(20, seed=7)
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    assert_loaded(loaded, arrays)
    assert_loaded(load_digits("drawn", seed=3, say=lines.append), arrays)
    assert [line.split()[0] for line in lines] == ["Drawing", "Digits:", "Digits:"]


def test_no_two_parts_of_any_seeds_share_a_stream(quick_drawing):
    for seed in range(5):
        load_digits("drawn", seed=seed, say=[].append)
    assert len({seed for _, seed in quick_drawing}) == 10
    load_digits("drawn", seed=np.int64(4), say=[].append)
    assert len(quick_drawing) == 10


def test_drawn_digits_of_an_older_generator_are_not_served(quick_drawing, home, monkeypatch):
    for seed in (0, 1):
        load_digits("drawn", seed=seed, say=[].append)
    old = files_below(home / "course é cache")
    assert len(quick_drawing) == 4
    monkeypatch.setattr(digits, "_SOURCE", b"another generator")
    assert "drawing them takes" in digits_source("drawn").why
    load_digits("drawn", say=[].append)
    assert len(quick_drawing) == 6
    new = [name for name in files_below(home / "course é cache") if name.endswith(".npz")]
    assert len(new) == 1
    assert new[0] not in old


def test_drawn_digits_without_a_cache(home, quick_drawing):
    (home / "course é cache").write_text("I am a file")
    lines = []
    (x_train, _), _ = load_digits("drawn", say=lines.append)
    assert x_train.shape == (60, 28, 28, 1)
    assert ["cannot be written" in line for line in lines] == [False, True, False]


# --- the Keras cache -----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, "", "own"])
def test_keras_home_is_where_keras_looks(value, home, monkeypatch):
    monkeypatch.chdir(home)
    monkeypatch.delenv("KERAS_HOME")
    if value is not None:
        monkeypatch.setenv("KERAS_HOME", value)
    expected = home / "own" if value else Path.home() / ".keras"
    assert keras_cache.keras_home() == expected


@pytest.mark.skipif(os.name != "posix", reason="POSIX only")
def test_keras_home_of_a_user_without_a_home(monkeypatch, home):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(home / "not there"))
    assert keras_cache.keras_home() == Path("/tmp/.keras")


def test_the_addresses_are_those_of_keras():
    """Read as text: importing Keras would take seconds."""
    keras = Path(importlib.util.find_spec("keras").origin).parent
    for published, module in ((MNIST, "mnist"), (FASHION, "fashion_mnist")):
        source = (keras / "src" / "datasets" / f"{module}.py").read_text(encoding="utf-8")
        for name, (address, digest) in published.files.items():
            base, _, file = address.rpartition("/")
            assert f'"{base}/"' in source
            assert name == file
            assert name in source
            if published is MNIST:
                assert digest in source


@pytest.mark.parametrize("published", [MNIST, FASHION], ids=["mnist", "fashion"])
def test_the_real_files_are_accepted(published, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(REAL))
    if not published.path().exists():
        pytest.skip(f"{published.title} is not in the Keras cache ($KERAS_HOME, else ~/.keras)")
    arrays, faults = keras_cache.read(published)
    assert faults == {}
    assert np.bincount(arrays["y_test"]).sum() == 10_000
    if published is MNIST:
        assert np.bincount(arrays["y_train"]).tolist() == [  # as published by LeCun and others
            *(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
        ]
    else:
        assert np.bincount(arrays["y_train"]).tolist() == [6000] * 10
