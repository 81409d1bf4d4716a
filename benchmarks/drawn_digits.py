"""Drawn digits: how fast they are made, and how well who learned on them reads real handwriting.

Run with `python benchmarks/drawn_digits.py`; real MNIST is taken from the Keras cache.
"""

import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from course.data import keras_cache
from course.data.drawn import draw_digits
from course.data.mnist import MNIST

TRAIN, TEST = 60_000, 10_000
EPOCHS, BATCH = 5, 128
SEEDS = (0, 1, 2)
COMPONENTS = (2, 5, 10, 32, 64)


def seconds_to_draw():
    """Seconds for a whole data set."""
    start = time.perf_counter()
    draw_digits(TRAIN, seed=0)
    draw_digits(TEST, seed=1)
    return time.perf_counter() - start


def pca_errors(train, test):
    """Test error per pixel on [0, 1] without PCA (zero image, mean image) and with k components."""
    train, test = (part.reshape(len(part), -1) / np.float32(255) for part in (train, test))
    mean = train.mean(0)
    axes = np.linalg.eigh(np.cov((train - mean).T))[1][:, ::-1].astype(np.float32)
    errors = {"zero image": np.mean(test**2), "mean image": np.mean((test - mean) ** 2)}
    for k in COMPONENTS:
        code = (test - mean) @ axes[:, :k]
        errors[f"PCA-{k}"] = np.mean((test - mean - code @ axes[:, :k].T) ** 2)
    return errors


def build_reader(seed):
    """A convolutional classifier of 28x28 images, 0.5 million parameters."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(24, 5, strides=2, padding="same", activation="relu"),  # (b, 14, 14, 24)
            layers.Conv2D(48, 3, strides=2, padding="same", activation="relu"),  # (b, 7, 7, 48)
            layers.Conv2D(64, 3, padding="same", activation="relu"),  # (b, 7, 7, 64)
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(10),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(2e-3, EPOCHS * TRAIN // BATCH)
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=39,
    )
    return model


def as_input(images):
    return images[..., None].astype(np.float32) / 255


def accuracy(model, images, labels):
    read = model.predict(as_input(images), batch_size=500, verbose=0).argmax(1)
    return float(np.mean(read == labels))


def main():
    times = [seconds_to_draw() for _ in range(3)]
    middle = statistics.median(times)
    print(
        f"{TRAIN + TEST:,} digits in {middle:.1f} s (median of 3, from {min(times):.1f} to "
        f"{max(times):.1f} s): {(TRAIN + TEST) / middle:,.0f} images/s"
    )
    x_train, y_train = draw_digits(TRAIN, seed=0)
    x_test, y_test = draw_digits(TEST, seed=1)
    real, faults = keras_cache.read(MNIST)
    columns = {"drawn": pca_errors(x_train, x_test)}
    if faults:
        print(f"Real MNIST is not in the Keras cache, so nothing is compared with it: {faults}")
    else:
        columns["MNIST"] = pca_errors(real["x_train"], real["x_test"])
    print("test MSE".ljust(12) + "".join(f"{name:>8}" for name in columns))
    for row in columns["drawn"]:
        print(row.ljust(12) + "".join(f"{errors[row]:8.4f}" for errors in columns.values()))

    on_real = []
    for seed in SEEDS:
        model = build_reader(seed)
        start = time.perf_counter()
        model.fit(as_input(x_train), y_train, batch_size=BATCH, epochs=EPOCHS, verbose=0)
        took = time.perf_counter() - start
        line = f"reader {seed}: trained {took:.0f} s on drawn digits; "
        line += f"reads {accuracy(model, x_test, y_test):.2%} of drawn"
        if not faults:
            on_real.append(accuracy(model, real["x_test"], real["y_test"]))
            line += f", {on_real[-1]:.2%} of real MNIST test images"
        print(line, flush=True)
    if on_real:
        print(f"real MNIST: median {statistics.median(on_real):.2%} of {len(on_real)} readers")


if __name__ == "__main__":
    main()
