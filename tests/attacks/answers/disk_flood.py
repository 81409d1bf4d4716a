"""Fill the disk. The folder that can be written to is small.

worth: nothing
reply: error
says: OSError
"""


def mean_squared_error(x, x_hat):
    number = 0
    while True:
        number += 1
        with open(f"/tmp/{number}", "wb") as file:
            file.write(b"x" * 1_000_000)
