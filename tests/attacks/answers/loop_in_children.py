"""Burn time in children, each for less than a second, so that no one looks guilty.

worth: nothing
reply: timeout
says: does a loop never end
"""
import os
import time


def mean_squared_error(x, x_hat):
    while True:
        if os.fork() == 0:
            until = time.process_time() + 0.2
            while time.process_time() < until:
                pass
            os._exit(0)
        os.wait()
