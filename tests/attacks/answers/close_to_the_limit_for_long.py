"""Take almost all of the time of each case: a right answer that is slow.

worth: the point
reply: value
"""
import time


def mean_squared_error(x, x_hat):
    until = time.process_time() + 0.6
    while time.process_time() < until:
        pass
    return np.mean((x - x_hat) ** 2)
