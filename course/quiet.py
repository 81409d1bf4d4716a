"""Keras, imported without the lines that TensorFlow prints when it starts.

On many processors TensorFlow writes a notice about its own arithmetic to the process's stderr,
whatever the log level; in a notebook that is a red block under the first cell. `from course.quiet
import keras` holds it back. If the import fails, what was held back is shown.
"""

import contextlib
import os
import sys
import tempfile


@contextlib.contextmanager
def _held_back():
    """Keep what native code writes to file descriptor 2 in a file; show it if the block fails."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        true_stderr = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(true_stderr, kept.read())
            raise
        finally:
            os.dup2(true_stderr, 2)
            os.close(true_stderr)


with _held_back():
    import keras
    import tensorflow

# A chapter makes many small models on purpose; TensorFlow warns that tracing each is expensive.
tensorflow.get_logger().setLevel("ERROR")

__all__ = ["keras"]
