"""Print 10 GB.

worth: nothing
reply: too much output
says: printed more than
"""


def mean_squared_error(x, x_hat):
    for _ in range(10_000):
        print("x" * 1_000_000)
