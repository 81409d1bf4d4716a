"""Change files outside through /proc/self/root, /dev/fd and links. All ways end inside.

worth: nothing
reply: value
"""


def mean_squared_error(x, x_hat):
    import os

    link = os.environ["TMPDIR"] + "/all"
    os.path.islink(link) or os.symlink("/", link)
    for start in (link, "/proc/self/root", "/proc/1/root", "/proc/self/cwd/../..", "/dev/fd"):
        try:
            open(f"{start}@OUTSIDE@/solution.py", "w").write("changed")
            raise AssertionError(start)
        except OSError:
            continue
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        assert target.startswith(("pipe:", "/dev/null", "/proc", "socket:")), target
    return 0.5
