"""MNIST: where it is published, and what its arrays are."""

import io

import numpy as np

from course.data.keras_cache import Published

# The digests are of the arrays' bytes: a copy that was packed again is good, a changed one is not.
ARRAYS = {
    "x_train": (
        (60000, 28, 28),
        "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    ),
    "y_train": ((60000,), "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"),
    "x_test": (
        (10000, 28, 28),
        "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    ),
    "y_test": ((10000,), "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"),
}


def parse(name, content):
    """Return the four arrays in the bytes of mnist.npz."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {key: file[key] for key in ARRAYS}


MNIST = Published(
    title="MNIST",
    folder="datasets",
    # The address and the file's SHA-256 are those of keras.datasets.mnist.
    files={
        "mnist.npz": (
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
            "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        )
    },
    arrays=ARRAYS,
    parse=parse,
    megabytes=11,
)
