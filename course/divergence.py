"""Training of a GAN that goes wrong is noticed and named while it runs.

A GAN's losses do not say how good the images are. They do say when the game is over.
"""

import math
from typing import NamedTuple

import numpy as np

LN_4 = math.log(4)  # the discriminator's loss where every answer is 0.5


class TrainingDiverged(RuntimeError):
    """Training was stopped; the message names what went wrong and what to try."""


class Trouble(NamedTuple):
    """A way in which training goes wrong: its name, what was seen, what to try, at which step."""

    name: str
    seen: str
    advice: str
    step: int

    def __str__(self):
        return f"{self.name} at step {self.step}: {self.seen}. {self.advice}"


class Watch:
    """Look at the reports of a training, and say what is going wrong as soon as it does.

    Five things are told apart. The first two are named at once, the others when they have lasted
    for `patience` reports:

    - "not a number": a loss is NaN or infinite;
    - "exploding loss": a loss is above `EXPLODED`;
    - "discriminator too strong", one-sided: it is right nearly always, its loss is near 0, and the
      generator's is large: hardly any gradient is left to learn from;
    - "discriminator lost", one-sided: its loss is far above ln 4, what it would be without looking;
    - "collapsed outputs": the images of a batch are all the same.

    Args:
        spread: standard deviation of the real images over a batch, averaged over their numbers, see
            `spread_of`. A batch with less than `COLLAPSED` of it has collapsed.
        stop: raise `TrainingDiverged`; else say it once and let the training go on.
        patience: reports that a trouble must last. `Gan.train` reports every 50 steps.
        say: takes one line of text.

    Raises:
        ValueError: if the real images do not vary, or patience is below 1.

    Example:
        >>> watch = Watch(spread_of(x), stop=True)
        >>> gan.train(x, epochs=10, watch=watch)
        TrainingDiverged: not a number at step 50: the discriminator's loss is nan. ...
    """

    EXPLODED = 100.0  # nats; a healthy loss stays below about 10
    RIGHT, NEAR_ZERO, LARGE = 0.99, 0.05, 5.0  # share, nats, nats
    LOST = 2 * LN_4  # nats
    COLLAPSED = 0.02  # share of the real images' spread

    def __init__(self, spread, *, stop=False, patience=10, say=print):
        if not spread > 0:
            raise ValueError(
                "The real images must vary: give spread_of(x). "
                f"Received: a standard deviation of {spread}."
            )
        if patience < 1:
            raise ValueError(f"patience must be at least 1. Received: {patience}.")
        self.spread, self.stop, self.patience, self.say = float(spread), stop, patience, say
        self.troubles = []
        self._lasted = {}

    def __call__(self, report):
        """Look at one report: a dict with "step", "discriminator", "generator" (losses), "right"
        (share that the discriminator reads right) and "spread" (of the generated batch)."""
        found = {name: seen for name, seen in self._look(report)}
        self._lasted = {name: self._lasted.get(name, 0) + 1 for name in found}
        for name, seen in found.items():
            needed = 1 if name in AT_ONCE else self.patience
            if self._lasted[name] >= needed and name not in self.names:
                self._tell(Trouble(name, seen, ADVICE[name], int(report["step"])))

    @property
    def names(self):
        """The names of what was found, in order."""
        return [trouble.name for trouble in self.troubles]

    def _tell(self, trouble):
        self.troubles.append(trouble)
        if self.stop:
            raise TrainingDiverged(str(trouble))
        self.say(str(trouble))

    def _look(self, report):
        losses = {name: report[name] for name in ("discriminator", "generator")}
        bad = {name: loss for name, loss in losses.items() if not math.isfinite(loss)}
        if bad or not math.isfinite(report["spread"]):
            words = [f"the {name}'s loss is {loss}" for name, loss in bad.items()]
            yield "not a number", " and ".join(words) or "the generated images are not finite"
            return
        d, g, right = losses["discriminator"], losses["generator"], report["right"]
        if max(d, g) > self.EXPLODED:
            yield "exploding loss", f"discriminator {d:.3g}, generator {g:.3g} nats"
        if right >= self.RIGHT and d <= self.NEAR_ZERO and g >= self.LARGE:
            seen = f"right on {right:.1%}, its loss is {d:.2g} and the generator's {g:.3g} nats"
            yield "discriminator too strong", seen
        if d >= self.LOST:
            yield (
                "discriminator lost",
                f"its loss is {d:.3g} nats, without looking it is {LN_4:.3g}",
            )
        share = report["spread"] / self.spread
        if share <= self.COLLAPSED:
            yield "collapsed outputs", f"a batch varies {share:.2%} as much as real images do"


AT_ONCE = ("not a number", "exploding loss")
ADVICE = {
    "not a number": "Start anew with a smaller learning rate: these weights are lost",
    "exploding loss": "Lower the learning rate; scale the images to [-1, 1] or [0, 1]",
    "discriminator too strong": "Make it smaller or its learning rate lower, or the generator's "
    "higher; a label of 0.9 for real images holds it back too",
    "discriminator lost": "Make the generator's learning rate lower, or the discriminator larger",
    "collapsed outputs": "Start anew: lower the learning rate, add batch normalisation to the "
    "generator, or let the discriminator see the batch (MinibatchDiscrimination)",
}


def spread_of(x, rows=1000):
    """Standard deviation over the first rows, averaged over their numbers: what `Watch` needs."""
    return float(np.asarray(x[:rows], dtype=float).std(axis=0).mean())
