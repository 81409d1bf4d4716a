"""Make one huge file, with holes.

worth: nothing
reply: crashed | error
"""
import os


def mean_squared_error(x, x_hat):
    with open("/tmp/huge", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 10**12)
        file.truncate(10**12)
