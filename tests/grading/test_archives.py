"""course.grading.archives: nothing leads outside, nothing fills the memory, the rest is read."""

import contextlib
import os
import re
import socket
import stat
import struct
import time
import tracemalloc
import zipfile

import pytest
from paper import spread, zipped

from course.grading import archives
from course.grading.archives import MB, Limits, NotThere, Refused, items

POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


def found(path, **limits):
    """A dict of path -> bytes, or the words of a refusal."""
    made = {}
    for item in items(path, Limits(**limits)):
        if not item.name:
            continue
        try:
            made[item.path] = item.refused or (item.read() if item.read else None)
        except Refused as refused:
            made[item.path] = str(refused)
    return made


def packed(tmp_path, files, **more):
    path = tmp_path / "all.zip"
    path.write_bytes(zipped(files, **more))
    return path


def special(name, kind):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    return info


def test_a_folder_is_read_in_natural_order(tmp_path):
    spread(tmp_path, {"b/10.ipynb": b"1", "b/9.ipynb": b"2", "a.ipynb": b"3", "b/x.txt": b"4"})
    assert list(found(tmp_path).items()) == [
        ("a.ipynb", b"3"), ("b/9.ipynb", b"2"), ("b/10.ipynb", b"1"), ("b/x.txt", None),
    ]  # fmt: skip


def test_zips_in_zips_are_read(tmp_path):
    inner = zipped({"x.ipynb": b"1", "deep.zip": zipped({"y.ipynb": b"2"})})
    path = packed(tmp_path, {"jane/work.ZIP": inner, "z.IPYNB": b"3"})
    assert found(path) == {
        "jane/work.ZIP/x.ipynb": b"1", "jane/work.ZIP/deep.zip/y.ipynb": b"2", "z.IPYNB": b"3",
    }  # fmt: skip


def test_zips_are_not_followed_without_end(tmp_path):
    content = zipped({"x.ipynb": b"1"})
    for _ in range(9):
        content = zipped({"z.zip": content})
    path = tmp_path / "all.zip"
    path.write_bytes(content)
    assert list(found(path).values()) == ["is a zip in a zip in a zip"]


def test_a_zip_may_be_larger_than_a_notebook(tmp_path):
    inner = zipped({f"{i}.ipynb": b"0" * 900 for i in range(3)}, zipfile.ZIP_STORED)
    spread(tmp_path, {"a.zip": inner})
    assert len(found(tmp_path, file=1000)) == 3
    assert "is larger than" in found(tmp_path, archive=1000)["a.zip"]


def zip64(content, listed=None):
    """A zip whose end says where another end stands, as some programs write it."""
    end = content[-22:]
    count, size, at = struct.unpack("<HLL", end[10:20])
    size = listed or size
    far = b"PK\6\6" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, count, count, size, at)
    locator = b"PK\6\7" + struct.pack("<LQL", 0, len(content) - 22, 1)
    last = b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    return content[:-22] + far + locator + last


def test_a_zip_of_the_long_form_is_read_and_its_list_bounded_too(tmp_path):
    content = zipped({"a.ipynb": b"1"})
    spread(tmp_path, {"good.zip": zip64(content), "bad.zip": zip64(content, 2**40)})
    assert found(tmp_path) == {
        "good.zip/a.ipynb": b"1", "bad.zip": "lists too many files",
    }  # fmt: skip


def test_what_systems_leave_behind_is_passed_over(tmp_path):
    files = {"__MACOSX/._x.ipynb": b"", ".ipynb_checkpoints/x.ipynb": b"", "._y.ipynb": b""}
    assert found(packed(tmp_path, files)) == {}
    assert found(spread(tmp_path / "folder", files)) == {}


@POSIX
def test_links_pipes_sockets_and_devices_are_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"the solution")
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    os.symlink(secret, folder / "link.ipynb")
    os.symlink(tmp_path, folder / "up")
    os.symlink("nowhere", folder / "broken.ipynb")
    os.mkfifo(folder / "pipe.ipynb")
    with socket.socket(socket.AF_UNIX) as one:
        here = os.getcwd()
        os.chdir(folder)  # a socket's path must be short
        try:
            one.bind("s.ipynb")
        finally:
            os.chdir(here)
    if os.geteuid() == 0:
        os.mknod(folder / "zero.ipynb", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    made = found(folder)
    assert made.pop("zero.ipynb", "is a device") == "is a device"
    assert made == {
        "link.ipynb": "is a link; links are not followed",
        "up": "is a link; links are not followed",
        "broken.ipynb": "is a link; links are not followed",
        "pipe.ipynb": "is a named pipe",
        "s.ipynb": "is a socket",
    }


@POSIX
def test_a_file_that_becomes_a_link_or_a_pipe_is_not_followed(tmp_path):
    spread(tmp_path, {"in/a.ipynb": b"1", "in/b.ipynb": b"2", "secret": b"the solution"})
    both = [item for item in items(tmp_path / "in") if item.name]
    (tmp_path / "in/a.ipynb").unlink()
    os.symlink(tmp_path / "secret", tmp_path / "in/a.ipynb")
    (tmp_path / "in/b.ipynb").unlink()
    os.mkfifo(tmp_path / "in/b.ipynb")
    for item in both:
        with pytest.raises(Refused):
            item.read()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../x.ipynb", '("..")'),
        ("a/../../x.ipynb", '("..")'),
        ("/etc/x.ipynb", "absolute"),
        ("//host/x.ipynb", "absolute"),
        ("C:/x.ipynb", "absolute"),
        ("c:x.ipynb", "absolute"),
        ("..\\x.ipynb", "backslash"),
        ("a\\b.ipynb", "backslash"),
        ("n" * 60_000 + ".ipynb", "60,006 characters"),
        (special("x.ipynb", stat.S_IFLNK), "a link"),
        (special("x.ipynb", stat.S_IFIFO), "a named pipe"),
        (special("x.ipynb", stat.S_IFCHR), "a device"),
        (special("x.ipynb", stat.S_IFBLK), "a device"),
        (special("x.ipynb", stat.S_IFSOCK), "a socket"),
    ],
    ids=str,
)
def test_hostile_entries_are_refused_and_the_others_read(tmp_path, name, words):
    made = found(packed(tmp_path, [("a.ipynb", b"1"), (name, b"/etc/passwd"), ("z.ipynb", b"2")]))
    assert made.pop("a.ipynb") == b"1"
    assert made.pop("z.ipynb") == b"2"
    (refused,) = made.values()
    assert words in refused


def test_a_name_with_a_zero_byte_is_refused(tmp_path):
    path = tmp_path / "all.zip"
    path.write_bytes(zipped({"aXb.ipynb": b"1"}).replace(b"aXb", b"a\0b"))
    assert [*found(path).values()] == ["has a name with a zero byte"]


def changed(content, name, offset, value):
    """A zip with bytes of one entry's record in the list of names replaced."""
    at = content.index(name, content.index(b"PK\1\2")) - 46
    return content[: at + offset] + value + content[at + offset + len(value) :]


def test_locked_and_unusual_entries_are_refused(tmp_path):
    content = zipped({"a.ipynb": b"1", "b.ipynb": b"2", "c.ipynb": b"3"})
    content = changed(content, b"a.ipynb", 8, b"\1\0")
    content = changed(content, b"b.ipynb", 10, b"\x63\0")
    path = tmp_path / "all.zip"
    path.write_bytes(content)
    assert found(path) == {
        "a.ipynb": "is locked with a password",
        "b.ipynb": "is packed in an unusual way; pack it anew as a plain zip",
        "c.ipynb": b"3",
    }


@pytest.mark.parametrize("kind", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_packings_that_take_much_memory_are_refused(tmp_path, kind):
    (words,) = found(packed(tmp_path, {"a.ipynb": b"1" * 999}, compression=kind)).values()
    assert "unusual" in words


def test_a_damaged_entry_costs_only_itself(tmp_path):
    content = zipped({"a.ipynb": b"abcdefgh" * 9, "b.ipynb": b"2"}, zipfile.ZIP_STORED)
    path = tmp_path / "all.zip"
    path.write_bytes(content.replace(b"abcdefgh", b"abcdeXgh", 1))
    made = found(path)
    assert "is damaged" in made["a.ipynb"]
    assert made["b.ipynb"] == b"2"


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\5\6", b"x" * 100, b"PK\5\6" + b"\xff" * 18, b"PK\5\6" + b"\1" * 18]
)
def test_a_damaged_archive_is_named_and_the_rest_read(tmp_path, content):
    made = found(spread(tmp_path, {"a.zip": content, "b.ipynb": b"1"}))
    assert made["b.ipynb"] == b"1"
    assert re.match("is (no zip|damaged)|lists too many", made["a.zip"])
    path = tmp_path / "top.zip"
    path.write_bytes(content)
    with pytest.raises(NotThere, match=r"top\.zip (is|lists) "):
        found(path)


def test_any_damage_is_survived(tmp_path):
    content = zipped({"a.ipynb": b"abc" * 9})
    for at in range(len(content)):
        for byte in (255, content[at] ^ 1):
            path = tmp_path / "all.zip"
            path.write_bytes(content[:at] + bytes([byte]) + content[at + 1 :])
            with contextlib.suppress(NotThere):
                found(path)


def test_a_bomb_is_refused_by_its_ratio(tmp_path):
    made = found(packed(tmp_path, {"bomb.ipynb": b"0" * 10 * MB, "b.ipynb": b"1"}))
    assert "zip bomb" in made["bomb.ipynb"]
    assert made["b.ipynb"] == b"1"


def test_a_notebook_that_packs_well_is_no_bomb(tmp_path):
    content = b"".join(os.urandom(10) + bytes(990) for _ in range(3000))
    assert found(packed(tmp_path, {"a.ipynb": content}))["a.ipynb"] == content


def test_a_file_that_is_larger_than_it_says_is_cut_off(tmp_path):
    content = zipped({"a.ipynb": b"0" * 3000})
    content = changed(content, b"a.ipynb", 24, struct.pack("<L", 10))
    path = tmp_path / "all.zip"
    path.write_bytes(content)
    (words,) = found(path, file=1000).values()
    assert words.startswith("is damaged (")  # its checksum is not that of the 10 bytes it says


def test_sizes_are_bounded_in_folders_too(tmp_path):
    spread(tmp_path, {"a.ipynb": b"0" * 1001, "b.ipynb": b"0" * 1000})
    made = found(tmp_path, file=1000)
    assert "is larger than" in made["a.ipynb"]
    assert len(made["b.ipynb"]) == 1000


def test_a_large_file_is_not_read_whole(tmp_path):
    with open(tmp_path / "a.ipynb", "wb") as file:
        file.truncate(300 * MB)
    tracemalloc.start()
    words = found(tmp_path)["a.ipynb"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert words == "is larger than 20 MB"
    assert peak < 50 * MB


def test_the_total_is_bounded(tmp_path):
    spread(tmp_path, {f"{i}.ipynb": b"0" * 1000 for i in range(9)})
    made = found(tmp_path, total=4500)
    assert [isinstance(value, bytes) for value in made.values()] == [True] * 4 + [False] * 5


def test_the_number_of_entries_is_bounded(tmp_path):
    files = {f"{i}.ipynb": b"1" for i in range(50)}
    for path in (packed(tmp_path, files), spread(tmp_path / "folder", files)):
        made = list(found(path, entries=20).values())
        assert made[:20] == [b"1"] * 20
        assert made[20:] == ["is beyond the first 20 files"]


def test_a_list_of_names_that_fills_the_memory_is_not_read(tmp_path):
    """2 million names of one byte: zipfile would make an object of each before anything else."""
    record = b"PK\1\2" + bytes(24) + b"\1\0" + bytes(16) + b"a"
    end = b"PK\5\6" + bytes(4) + struct.pack("<HHLLH", 65535, 65535, len(record) * 2_000_000, 0, 0)
    path = tmp_path / "all.zip"
    path.write_bytes(record * 2_000_000 + end)
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(NotThere, match="lists too many files"):
        found(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 * MB
    assert time.monotonic() - began < 5


def test_deep_folders_end(tmp_path):
    path = tmp_path
    for _ in range(40):
        path = path / "d"
    path.mkdir(parents=True)
    (path / "a.ipynb").write_bytes(b"1")
    assert list(found(tmp_path).values()) == ["lies too deep"]


@POSIX
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_named(tmp_path):
    spread(tmp_path, {"a.ipynb": b"1"})
    (tmp_path / "a.ipynb").chmod(0)
    assert "cannot be read" in found(tmp_path)["a.ipynb"]


@POSIX
def test_names_that_are_no_utf8_are_kept_apart(tmp_path):
    try:
        for name in (b"\xff.ipynb", b"\xfe.ipynb"):
            with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
                file.write(name)
    except OSError:
        pytest.skip("this file system knows only UTF-8")
    assert found(tmp_path) == {"%FF.ipynb": b"\xff.ipynb", "%FE.ipynb": b"\xfe.ipynb"}


class Unseen:
    """An entry of a folder that nobody may look at, as a network drive may list one."""

    def __init__(self, entry):
        self.name, self.path = entry.name, entry.path

    def is_symlink(self):
        raise PermissionError(13, "Permission denied")


CLASS = {"bob/ch01.ipynb": b"1", "eve/ch01.ipynb": b"2", "zoe.ipynb": b"3"}


def test_what_cannot_be_looked_at_costs_only_itself(tmp_path, monkeypatch):
    scandir = os.scandir
    spread(tmp_path, CLASS)
    monkeypatch.setattr(
        os, "scandir", lambda path: [Unseen(e) if e.name == "eve" else e for e in scandir(path)]
    )
    assert found(tmp_path) == {
        "bob/ch01.ipynb": b"1", "eve": "cannot be looked at (Permission denied)", "zoe.ipynb": b"3",
    }  # fmt: skip
    assert list(found(tmp_path, entries=2)) == ["bob/ch01.ipynb", "eve"]


def test_a_folder_that_may_not_be_opened_costs_only_itself(tmp_path, monkeypatch):
    spread(tmp_path, CLASS)
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("eve"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert found(tmp_path) == {
        "bob/ch01.ipynb": b"1", "eve": "cannot be opened (Permission denied)", "zoe.ipynb": b"3",
    }  # fmt: skip


@pytest.mark.parametrize("error", [PermissionError(13, "x"), FileNotFoundError(2, "x")])
@pytest.mark.parametrize(
    ("function", "words"), [("lstat", "cannot be looked at"), ("open", "cannot be read")]
)
def test_a_file_that_goes_costs_only_itself(tmp_path, monkeypatch, error, function, words):
    spread(tmp_path, CLASS)
    true = getattr(os, function)

    def gone(path, *more):
        if str(path).endswith("ch01.ipynb") and "eve" in str(path):
            raise error
        return true(path, *more)

    monkeypatch.setattr(os, function, gone)
    assert found(tmp_path) == {
        "bob/ch01.ipynb": b"1",
        "eve/ch01.ipynb": f"{words} ({os.strerror(error.errno)})",
        "zoe.ipynb": b"3",
    }
    assert words in found(tmp_path / "eve/ch01.ipynb")["ch01.ipynb"]


def test_a_disk_that_fails_in_the_middle_of_a_file_costs_only_that_file(tmp_path, monkeypatch):
    spread(tmp_path, CLASS)
    bounded = archives._Walk._bounded

    def failing(walk, file, limit):
        content = bounded(walk, file, limit)
        if content == b"2":
            raise OSError(5, "Input/output error")
        return content

    monkeypatch.setattr(archives._Walk, "_bounded", failing)
    made = found(tmp_path)
    assert made.pop("eve/ch01.ipynb") == "cannot be read (Input/output error)"
    assert list(made.values()) == [b"1", b"3"]


@POSIX
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_may_be_listed_but_not_entered_costs_only_itself(tmp_path):
    spread(tmp_path, CLASS)
    (tmp_path / "eve").chmod(0o400)
    try:
        made = found(tmp_path)
    finally:
        (tmp_path / "eve").chmod(0o700)
    assert made.pop("eve/ch01.ipynb") == "cannot be looked at (Permission denied)"
    assert list(made.values()) == [b"1", b"3"]


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(NotThere, match="cannot be opened"):
        found(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["class.tar.gz", "text.txt", "class.7z", "notebook"])
def test_a_file_of_another_kind_is_refused(tmp_path, name):
    spread(tmp_path, {name: b"1"})
    with pytest.raises(NotThere, match=r"Expected a folder, a zip or a notebook.*Unpack other"):
        found(tmp_path / name)


def test_a_single_notebook(tmp_path):
    spread(tmp_path, {"jane.ipynb": b"1"})
    assert found(tmp_path / "jane.ipynb") == {"jane.ipynb": b"1"}


def test_nothing_is_unpacked(tmp_path, monkeypatch):
    def never(*_args, **_more):
        raise AssertionError

    monkeypatch.setattr(archives.zipfile.ZipFile, "extract", never)
    monkeypatch.setattr(archives.zipfile.ZipFile, "extractall", never)
    path = packed(tmp_path, {"a.ipynb": b"1"})
    before = sorted(tmp_path.rglob("*"))
    assert found(path) == {"a.ipynb": b"1"}
    assert sorted(tmp_path.rglob("*")) == before
