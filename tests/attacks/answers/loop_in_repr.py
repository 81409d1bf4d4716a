"""Raise an error whose text never ends.

worth: nothing
reply: timeout
"""


class Endless(Exception):
    def __str__(self):
        while True:
            pass


def mean_squared_error(x, x_hat):
    raise Endless
