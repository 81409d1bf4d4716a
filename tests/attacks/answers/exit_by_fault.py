"""Read at address 0.

worth: nothing
reply: crashed
says: SIGSEGV
"""
import ctypes


def mean_squared_error(x, x_hat):
    return ctypes.string_at(0)
