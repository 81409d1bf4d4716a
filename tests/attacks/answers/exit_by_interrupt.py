"""Raise what ends programs: KeyboardInterrupt, GeneratorExit, one of one's own.

worth: nothing
reply: error
"""


class Over(BaseException):
    pass


def mean_squared_error(x, x_hat):
    raise Over("out")
