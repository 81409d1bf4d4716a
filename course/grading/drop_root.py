"""Give up root, then become another command. Run by path, it loads nothing else.

Process limits do not bind root. So a grader that runs as root starts its sandbox through this file.
Where the interpreter lies in a folder that only root may enter (/root, often), the new user could
not start it: such a folder is covered, for this process and its children alone, by an empty one
that shows the wanted folders at their places.

    drop_root.py UID FOLDER... -- COMMAND...
"""

import ctypes
import os
import sys

NEW_MOUNTS, BIND, RECURSIVE, PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000


def main(words):
    """Read the words of the command line, and do it."""
    uid = int(words[0])
    end = words.index("--")
    uncover(words[1:end])
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.execv(words[end + 1], words[end + 1 :])


def uncover(folders):
    """Make folders reachable for everybody, in a mount namespace of our own."""
    closed = {}
    for folder in folders:
        above = closed_above(folder)
        if above:
            closed.setdefault(above, []).append(folder)
    if not closed:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(NEW_MOUNTS))
    _check(libc.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None))
    for above, inside in closed.items():
        handles = [os.open(folder, os.O_PATH) for folder in inside]  # before they are covered
        _check(libc.mount(b"none", os.fsencode(above), b"tmpfs", 0, b"mode=755,size=64k"))
        for folder, handle in zip(inside, handles, strict=True):
            os.makedirs(folder, exist_ok=True)
            source = f"/proc/self/fd/{handle}".encode()
            _check(libc.mount(source, os.fsencode(folder), None, BIND | RECURSIVE, None))
            os.close(handle)


def closed_above(folder):
    """The topmost folder on the way to this one that others may not enter, or None."""
    parts = os.path.realpath(folder).split("/")
    for n in range(2, len(parts) + 1):
        above = "/".join(parts[:n])
        if not os.stat(above).st_mode & 0o001:
            return above
    return None


def _check(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main(sys.argv[1:])
