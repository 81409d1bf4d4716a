"""CPU seconds to the same test error: chapter 4's autoencoder and a well-known tutorial's.

The target is a fifth of the mean image's squared error: about .0135 on MNIST, where the tutorial's
network ends. It is trained as the tutorial does (Adam 1e-3, batches of 128, at most 50 epochs),
and once more with chapter 4's schedule, to tell the network's share from the schedule's. Its code
has 128 numbers, ours 32. COURSE_DATA chooses the digits. Takes some minutes.
"""

import time

import numpy as np

from course.data import load_digits
from course.metrics import mse_per_image
from course.quiet import keras
from course.reproducibility import set_seed
from course.training import steps_per_epoch, warmup_cosine

BATCH_SIZE, MOST_EPOCHS = 128, 50
layers = keras.layers


def build_ours():
    """Strides of 2 down to 32 numbers; nearest and convolution up. Chapter 4, method 2."""
    relu = {"padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, strides=2, **relu),
            layers.Conv2D(32, 3, strides=2, **relu),
            layers.Flatten(),
            layers.Dense(32),
            layers.Dense(7 * 7 * 32, activation="relu"),
            layers.Reshape((7, 7, 32)),
            layers.UpSampling2D(2),
            layers.Conv2D(16, 2, **relu),
            layers.UpSampling2D(2),
            layers.Conv2D(1, 2, padding="same", activation="sigmoid"),
        ]
    )


def build_tutorial():
    """Chollet 2016, Building autoencoders in Keras: 3x3 kernels, 16-8-8 channels, pooling."""
    relu = {"padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, **relu),
            layers.MaxPooling2D(2, padding="same"),
            layers.Conv2D(8, 3, **relu),
            layers.MaxPooling2D(2, padding="same"),
            layers.Conv2D(8, 3, **relu),
            layers.MaxPooling2D(2, padding="same"),  # the code: (4, 4, 8)
            layers.Conv2D(8, 3, **relu),
            layers.UpSampling2D(2),
            layers.Conv2D(8, 3, **relu),
            layers.UpSampling2D(2),
            layers.Conv2D(16, 3, activation="relu"),
            layers.UpSampling2D(2),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )


def fit_once(model, x, epochs):
    """Train; the CPU seconds of it."""
    start = time.process_time()
    model.fit(x, x, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return time.process_time() - start


def error_of(model, xt):
    return mse_per_image(xt, model.predict(xt, batch_size=1000, verbose=0)).mean()


def constant_rate(build, x, xt, target):
    """Epoch after epoch at Adam's own rate. -> (CPU seconds, epochs, test MSE)"""
    set_seed(0)
    model = build()
    model.compile("adam", "binary_crossentropy", jit_compile=False)
    seconds, error, epochs = 0.0, np.inf, 0
    while error > target and epochs < MOST_EPOCHS:
        seconds += fit_once(model, x, 1)
        error, epochs = error_of(model, xt), epochs + 1
    return seconds, epochs, error


def scheduled(build, x, xt, target):
    """Chapter 4's schedule, a new network for each length. -> (CPU seconds, epochs, test MSE)"""
    steps = steps_per_epoch(x, BATCH_SIZE)
    for epochs in (1, 2, 4, 8, 16):
        set_seed(0)
        model = build()
        model.compile(
            keras.optimizers.Adam(warmup_cosine(1e-2, epochs, steps, warmup_epochs=0.25)),
            "binary_crossentropy",
            jit_compile=False,
            steps_per_execution=steps,
        )
        seconds = fit_once(model, x, epochs)
        error = error_of(model, xt)
        if error <= target:
            break
    return seconds, epochs, error


def main():
    (x, _), (xt, _) = load_digits()
    target = mse_per_image(xt, np.broadcast_to(x.mean(axis=0), xt.shape)).mean() / 5
    print(f"to a test MSE of {target:.4f} per pixel")
    seconds = {}
    for name, run, build in (
        ("chapter 4", scheduled, build_ours),
        ("tutorial, our schedule", scheduled, build_tutorial),
        ("tutorial, its own", constant_rate, build_tutorial),
    ):
        seconds[name], epochs, error = run(build, x, xt, target)
        reached = "" if error <= target else "  (not reached)"
        print(f"{name:23} {seconds[name]:6.0f} CPU s, {epochs:2} epochs, MSE {error:.4f}{reached}")
    for name in list(seconds)[1:]:
        print(f"ratio, {name:23} {seconds[name] / seconds['chapter 4']:.0f}")


if __name__ == "__main__":
    main()
