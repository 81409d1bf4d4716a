"""Training that is quick and pleasant: a schedule, a progress bar, and both in `fit`."""

import math
import time

import keras

from course.panels import in_notebook, progress_panel


def warmup_cosine(peak, epochs, steps_per_epoch, warmup_epochs=1):
    """A learning rate that climbs to `peak`, then falls to zero along half a cosine.

    The climb keeps the first steps small: at full speed from the start, several ReLU units of a
    small net die in the first hundred steps and never come back. (Loshchilov & Hutter 2017; Goyal
    et al. 2017.)

    Args:
        peak: the largest learning rate.
        epochs: length of the whole schedule.
        steps_per_epoch: optimiser steps an epoch, see `steps_per_epoch`.
        warmup_epochs: length of the climb, less than `epochs`.

    Raises:
        ValueError: if the climb would not end before the schedule does.
    """
    if not 0 <= warmup_epochs < epochs:
        raise ValueError(
            f"warmup_epochs must be at least 0 and less than epochs ({epochs}). "
            f"Received: {warmup_epochs}."
        )
    warmup_steps = round(warmup_epochs * steps_per_epoch)
    return keras.optimizers.schedules.CosineDecay(
        peak / 10 if warmup_steps else peak,
        epochs * steps_per_epoch - warmup_steps,
        warmup_target=peak if warmup_steps else None,
        warmup_steps=warmup_steps,
    )


def steps_per_epoch(images, batch_size):
    """How many batches one pass over the images takes; the last one may be smaller."""
    return math.ceil(len(images) / batch_size)


class Progress(keras.callbacks.Callback):
    """A progress bar with live loss curves, for `fit(..., verbose=0, callbacks=[Progress()])`.

    In a notebook it is one panel that is drawn over itself and stays behind in the saved page; in
    a terminal it is a line an epoch. The curves share one vertical axis, from the smallest loss
    seen so far to the largest; the numbers stand beside them.

    Args:
        label: what is being trained, in a few words.
    """

    def __init__(self, label="training"):
        super().__init__()
        self.label = label

    def on_train_begin(self, logs=None):
        self.started = time.monotonic()
        self.curves = {}
        self.handle = None
        self._show(0)

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            if name.removeprefix("val_") == "loss":
                self.curves.setdefault(name, []).append(float(value))
        self._show(epoch + 1)

    def _show(self, epoch):
        epochs = self.params.get("epochs") or 0
        seconds = time.monotonic() - self.started
        panel = progress_panel(self.label, epoch, epochs, seconds, self.curves)
        if not in_notebook():
            if epoch:
                print(panel)
        elif self.handle is None:
            from IPython.display import display

            self.handle = display(panel, display_id=True)
        else:
            self.handle.update(panel)


def fit(
    model,
    x,
    y=None,
    *,
    epochs,
    peak,
    label,
    loss=None,
    batch_size=256,
    jit_compile=False,
    callbacks=(),
    **settings,
):
    """Compile and fit as the chapters do: Adam with `warmup_cosine`, and a progress bar.

    An epoch is one call into TensorFlow (`steps_per_execution`), which saves a small model half
    its time.

    Args:
        model: a Keras model.
        x: inputs.
        y: targets; None where the model makes its own loss. A copier's target is x.
        epochs: passes over the inputs.
        peak: the largest learning rate.
        label: what is being trained, for the progress bar; None shows no bar.
        loss: as for `compile`.
        batch_size: rows a step.
        jit_compile: compile with XLA. Worth it for a dense model that trains for long; compiled
            convolutions are several times slower on a CPU.
        callbacks: more callbacks.
        **settings: more settings of `model.fit`, such as validation_data.

    Returns:
        the Keras `History`.
    """
    steps = steps_per_epoch(x, batch_size)
    model.compile(
        optimizer=keras.optimizers.Adam(warmup_cosine(peak, epochs, steps)),
        loss=loss,
        jit_compile=jit_compile,
        steps_per_execution=steps,
    )
    bar = [] if label is None else [Progress(label)]
    return model.fit(
        x,
        y,
        epochs=epochs,
        batch_size=batch_size,
        verbose=0,
        callbacks=[*bar, *callbacks],
        **settings,
    )
