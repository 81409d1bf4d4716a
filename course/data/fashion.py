"""Fashion-MNIST: where it is published, and what its arrays are."""

import gzip
import struct

import numpy as np

from course.data.keras_cache import Published

# As in keras.datasets.fashion_mnist.
BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

# file -> (array, shape, SHA-256 of the array's bytes, SHA-256 of the file as published)
FILES = {
    "train-images-idx3-ubyte.gz": (
        "x_train",
        (60000, 28, 28),
        "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    "train-labels-idx1-ubyte.gz": (
        "y_train",
        (60000,),
        "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    "t10k-images-idx3-ubyte.gz": (
        "x_test",
        (10000, 28, 28),
        "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "y_test",
        (10000,),
        "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}


def parse(name, content):
    """Return the one array in the bytes of a gzipped IDX file, a dict.

    IDX: two zero bytes, 8 for uint8, the number of axes, each length as 4 bytes (big end first),
    then the values.
    """
    raw = gzip.decompress(content)
    zeros, kind, axes = struct.unpack(">HBB", raw[:4])
    if (zeros, kind) != (0, 8):
        raise ValueError("not an IDX file of bytes")
    shape = struct.unpack(f">{axes}I", raw[4 : 4 + 4 * axes])
    values = np.frombuffer(raw, np.uint8, offset=4 + 4 * axes)
    return {FILES[name][0]: values.reshape(shape)}


FASHION = Published(
    title="Fashion-MNIST",
    folder="datasets/fashion-mnist",
    files={name: (BASE + name, file_digest) for name, (_, _, _, file_digest) in FILES.items()},
    arrays={array: (shape, digest) for array, shape, digest, _ in FILES.values()},
    parse=parse,
    megabytes=31,
)
