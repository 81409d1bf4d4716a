"""What `fit` needs to be quick and pleasant: a learning-rate schedule and a progress bar."""

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
