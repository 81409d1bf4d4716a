"""Hold the line open after death: a child keeps all pipes and says nothing.

worth: nothing
reply: crashed | timeout
"""
import os
import time


def mean_squared_error(x, x_hat):
    if os.fork() == 0:
        os.setsid()
        time.sleep(10_000)
    os._exit(0)
