"""Download files with keras.utils.get_file, in a process of its own that download.py starts.

Ends with status 0, or with the reason as the last line on stderr.
"""

import json
import os
import socket
import sys
import threading


def main(task):
    """Put the files of a task into its folder.

    Args:
        task: a dict of "folder", "files" (name -> [address, SHA-256]), and in seconds "limit" for
            all of it and "stall" for the time without a byte.
    """
    from keras.utils import get_file

    socket.setdefaulttimeout(task["stall"])
    timer = threading.Timer(task["limit"], give_up, [task["limit"]])
    timer.daemon = True
    timer.start()
    folder = task["folder"]
    for name, (address, digest) in task["files"].items():
        try:
            get_file(name, address, file_hash=digest, cache_dir=folder, cache_subdir=folder)
        except Exception as error:  # get_file wraps what urllib raises into a plain Exception
            said = " ".join(str(error).split()) or type(error).__name__
            said = said.removeprefix(f"URL fetch failure on {address}: ")
            sys.exit(said.removeprefix("None -- "))


def give_up(limit):
    """End the process: a server that sends a byte now and then would keep it for hours."""
    print(f"it took longer than {limit:.0f} s", file=sys.stderr, flush=True)
    os._exit(1)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
