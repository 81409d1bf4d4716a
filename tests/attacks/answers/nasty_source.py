"""A source that is deep, has nulls and is hard to parse.

worth: nothing
reply: error | crashed | memory | timeout
"""
DEEP = (@DEEP@)


def mean_squared_error(x, x_hat):
    return 0.5
