"""Print without end from a child to the other stream, while the answer is right and quick.

worth: nothing
reply: too much output | value | protocol
"""
import os
import time


def mean_squared_error(x, x_hat):
    if os.fork() == 0:
        while True:
            os.write(2, b"y" * 100_000)
    time.sleep(0.3)
    return np.mean((x - x_hat) ** 2)
