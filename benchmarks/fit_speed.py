"""One epoch of chapter 1's autoencoder: `fit` as tutorials write it, and as the chapters do.

Prints the median seconds of an epoch for each, and the ratio. Both run in one process, in turns.
"""

import statistics
import time

import numpy as np

from course.quiet import keras
from course.training import steps_per_epoch

BATCH_SIZE, EPOCHS, TURNS = 256, 2, 3


def build(**compile_options):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(32, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", **compile_options)
    return model


def main():
    x = np.random.default_rng(0).uniform(size=(60_000, 784)).astype("float32")
    steps = steps_per_epoch(x, BATCH_SIZE)
    models = {
        "plain": build(),
        "compiled": build(jit_compile=True, steps_per_execution=steps),
    }
    seconds = {name: [] for name in models}
    for model in models.values():
        model.fit(x, x, batch_size=BATCH_SIZE, verbose=0)  # traces and compiles
    for _ in range(TURNS):
        for name, model in models.items():
            start = time.monotonic()
            model.fit(x, x, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
            seconds[name].append((time.monotonic() - start) / EPOCHS)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, value in medians.items():
        print(f"{name:9} {value:.2f} s an epoch")
    print(f"ratio     {medians['plain'] / medians['compiled']:.1f}")


if __name__ == "__main__":
    main()
