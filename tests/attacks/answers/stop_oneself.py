"""Stop by SIGSTOP, and the process above too.

worth: nothing
reply: timeout
says: does it wait for
"""
import os
import signal


def mean_squared_error(x, x_hat):
    os.kill(os.getppid(), signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
