"""`course.convolution` on 28 x 28 x 16 -> 32: against a loop in Python, and against TensorFlow.

Prints the median milliseconds of each and the ratios. All run in one process, in turns, and
NumPy and TensorFlow get as many threads.
"""

import os
import statistics
import time

os.environ.update(OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2", VECLIB_MAXIMUM_THREADS="2")

import numpy as np

from course.convolution import conv, conv_length, conv_transpose, conv_transpose_length
from course.quiet import keras

THREADS = 2
SIZE, INPUTS, OUTPUTS, KERNEL = 28, 16, 32, 3
TURNS = 51


def loop_conv(x, kernel, stride):
    """As one would write it first: x (h, w, c_in) and kernel (kh, kw, c_in, c_out) in lists."""
    length = conv_length(SIZE, KERNEL, stride)
    y = [[[0.0] * OUTPUTS for _ in range(length)] for _ in range(length)]
    for i in range(length):
        for j in range(length):
            for a in range(KERNEL):
                for b in range(KERNEL):
                    for c in range(INPUTS):
                        value = x[stride * i + a][stride * j + b][c]
                        for o in range(OUTPUTS):
                            y[i][j][o] += value * kernel[a][b][c][o]
    return y


def loop_transpose(x, kernel, stride):
    """The same backwards: kernel (kh, kw, c_out, c_in)."""
    length = conv_transpose_length(SIZE, KERNEL, stride)
    y = [[[0.0] * OUTPUTS for _ in range(length)] for _ in range(length)]
    for i in range(SIZE):
        for j in range(SIZE):
            for a in range(KERNEL):
                for b in range(KERNEL):
                    for c in range(INPUTS):
                        value = x[i][j][c]
                        for o in range(OUTPUTS):
                            y[stride * i + a][stride * j + b][o] += value * kernel[a][b][o][c]
    return y


def milliseconds(call):
    start = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - start)


def down(x, stride, rng):
    """A convolution of x three times: ours, TensorFlow's, and the loop for the first image."""
    import tensorflow as tf

    kernel = rng.normal(size=(KERNEL, KERNEL, INPUTS, OUTPUTS)).astype("float32")
    x_tf, kernel_tf = tf.constant(x), tf.constant(kernel)
    image, numbers = x[0].tolist(), kernel.tolist()
    return (
        lambda: conv(x, kernel, stride),
        lambda: tf.nn.conv2d(x_tf, kernel_tf, stride, "VALID").numpy(),
        lambda: loop_conv(image, numbers, stride),
    )


def up(x, stride, rng):
    """The same for a transposed convolution."""
    import tensorflow as tf

    kernel = rng.normal(size=(KERNEL, KERNEL, OUTPUTS, INPUTS)).astype("float32")
    x_tf, kernel_tf = tf.constant(x), tf.constant(kernel)
    image, numbers = x[0].tolist(), kernel.tolist()
    size = conv_transpose_length(SIZE, KERNEL, stride)
    shape = (len(x), size, size, OUTPUTS)
    return (
        lambda: conv_transpose(x, kernel, stride),
        lambda: tf.nn.conv2d_transpose(x_tf, kernel_tf, shape, stride, "VALID").numpy(),
        lambda: loop_transpose(image, numbers, stride),
    )


def main():
    import tensorflow as tf

    print(f"Keras {keras.__version__}, TensorFlow {tf.__version__}, {THREADS} threads each")
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    rng = np.random.default_rng(0)
    print("milliseconds                  loop     ours  TensorFlow   loop/ours  ours/TensorFlow")
    for batch in (1, 16):
        x = rng.normal(size=(batch, SIZE, SIZE, INPUTS)).astype("float32")
        for case in (down, up):
            for stride in (1, 2):
                ours, theirs, loop = case(x, stride, rng)
                np.testing.assert_allclose(ours(), theirs(), atol=1e-3)
                np.testing.assert_allclose(ours()[0], loop(), atol=1e-3)
                turns = [(milliseconds(ours), milliseconds(theirs)) for _ in range(TURNS)]
                mine, tensorflow = (statistics.median(one) for one in zip(*turns, strict=True))
                # The loop does one image, so its time is taken as often as there are images.
                slow = batch * statistics.median(milliseconds(loop) for _ in range(3))
                print(
                    f"{case.__name__:4} stride {stride} batch {batch:2} {slow:12.0f} {mine:8.2f} "
                    f"{tensorflow:11.2f} {slow / mine:11.0f} {mine / tensorflow:16.1f}"
                )


if __name__ == "__main__":
    main()
