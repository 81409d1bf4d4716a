"""Loop for ever in __del__, after the reply. The next case waits for nothing.

worth: nothing
reply: timeout | value
"""


class Sticky:
    def __del__(self):
        while True:
            pass


def mean_squared_error(x, x_hat):
    keep = Sticky()
    keep.me = keep
    import gc
    import threading

    threading.Timer(0.0, gc.collect).start()
    return 0.5
