"""Kill oneself.

worth: nothing
reply: crashed
says: SIGKILL
"""
import os


def mean_squared_error(x, x_hat):
    os.kill(os.getpid(), 9)
