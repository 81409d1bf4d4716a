"""Open files and pipes without end.

worth: nothing
reply: error
says: Too many open files
"""
import os


def mean_squared_error(x, x_hat):
    kept = []
    while True:
        kept.append(os.pipe())
