"""Read from the keyboard, and from every line there is, without an end.

worth: nothing
reply: timeout | error
"""
import os


def mean_squared_error(x, x_hat):
    input()
    while True:
        os.read(0, 1)
