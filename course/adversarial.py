"""A generator and a discriminator, trained in turns: one step function for each phase."""

import hashlib

import course.quiet  # noqa: F401  first, so that TensorFlow starts without its notice

# isort: split
import keras
import numpy as np
import tensorflow as tf
from keras import ops

from course.training import Progress

STEPS_PER_CALL = 50  # steps that run as one graph; a watch looks after each call


def discriminator_step(generator, discriminator, optimizer, real, z):
    """Phase 1: show generated images as 0 and real ones as 1; move the discriminator only.

    The generator works as in training, on the statistics of its batch, but nothing of it changes:
    no weight, no moving mean, no seed. (Goodfellow et al. 2014, algorithm 1.) The two kinds of
    image come in batches of their own, so that a batch is judged by its own statistics.

    Args:
        generator: a built Keras model, z -> images.
        discriminator: a built Keras model, images -> logits.
        optimizer: the discriminator's.
        real: a batch of real images.
        z: a batch of noise.

    Returns:
        a dict of numbers: "loss" (mean cross-entropy in nats on the real batch, plus that on the
        generated one; ln 4 = 1.386 where every answer is 0.5), "real" and "generated" (mean
        probability of "real" on each), "right" (share of both that it reads right) and "spread"
        (standard deviation of the generated batch, averaged over its numbers).
    """
    fake = _unchanged(generator, z)
    with tf.GradientTape() as tape:
        on_real = discriminator(real, training=True)
        on_fake = discriminator(fake, training=True)
        # -ln sigmoid(a) = softplus(-a), and -ln(1 - sigmoid(a)) = softplus(a)
        loss = ops.mean(ops.softplus(-on_real)) + ops.mean(ops.softplus(on_fake))
    _move(discriminator, optimizer, tape, loss)
    right = (_share(on_real > 0) + _share(on_fake < 0)) / 2
    return {
        "loss": loss,
        "real": ops.mean(ops.sigmoid(on_real)),
        "generated": ops.mean(ops.sigmoid(on_fake)),
        "right": right,
        "spread": ops.mean(ops.std(fake, axis=0)),
    }


def generator_step(generator, discriminator, optimizer, z):
    """Phase 2: show generated images as 1; move the generator only, through the discriminator.

    The labels are a lie, and the gradient says how the images would have to change to make it
    true. This is the non-saturating loss, -ln D(G(z)). (Goodfellow et al. 2014, section 3.)

    Args:
        generator: a built Keras model, z -> images.
        discriminator: a built Keras model, images -> logits. Nothing of it changes.
        optimizer: the generator's.
        z: a batch of noise.

    Returns:
        a dict of numbers: "loss" (mean cross-entropy, nats) and "generated" (mean probability of
        "real").
    """
    with tf.GradientTape() as tape:
        on_fake = _unchanged(discriminator, generator(z, training=True))
        loss = ops.mean(ops.softplus(-on_fake))
    _move(generator, optimizer, tape, loss)
    return {"loss": loss, "generated": ops.mean(ops.sigmoid(on_fake))}


class Gan:
    """Two networks, an optimiser for each, and the two phases as compiled graphs.

    Args:
        generator: a built Keras model, z -> images.
        discriminator: a built Keras model, images -> logits (no sigmoid).
        generator_optimizer: a Keras optimiser; None means Adam(1e-3, beta_1=0.5).
        discriminator_optimizer: likewise; a second object, since it has a state of its own.

    Raises:
        ValueError: if a network is not built or has nothing to train, or one optimiser serves both.

    Example:
        >>> gan = Gan(generator, discriminator)
        >>> gan.phase_1(real, z)["loss"]  # the discriminator learns
        >>> gan.phase_2(z)["loss"]  # the generator learns
    """

    def __init__(
        self,
        generator,
        discriminator,
        generator_optimizer=None,
        discriminator_optimizer=None,
    ):
        self.generator, self.discriminator = generator, discriminator
        for name, model in (("generator", generator), ("discriminator", discriminator)):
            if not model.built or not model.trainable_variables:
                raise ValueError(
                    f"The {name} needs weights to train: give it an Input, and leave it trainable; "
                    f"the steps freeze what must not move. Received: {model.name!r}, with "
                    f"{len(model.trainable_variables)} trainable weights."
                )
        self.generator_optimizer = generator_optimizer or default_adam()
        self.discriminator_optimizer = discriminator_optimizer or default_adam()
        if self.generator_optimizer is self.discriminator_optimizer:
            raise ValueError(
                "Give each network an optimiser of its own: an optimiser keeps a state for each "
                f"weight. Received: {self.generator_optimizer.name!r} twice."
            )
        self.generator_optimizer.build(generator.trainable_variables)
        self.discriminator_optimizer.build(discriminator.trainable_variables)
        # Several networks side by side, see course.replicas, take batches (replicas, batch, ...).
        self.lead = tuple(getattr(generator, "lead", ()))
        self.latent_dim = generator.input_shape[-1]

        def phase_1(real, z):
            return discriminator_step(
                generator, discriminator, self.discriminator_optimizer, real, z
            )

        def phase_2(z):
            return generator_step(generator, discriminator, self.generator_optimizer, z)

        def both(data, rows, z):
            names = ("loss", "real", "generated", "right", "spread")
            sums = [tf.zeros(()) for _ in range(len(names) + 1)]
            for i in tf.range(tf.shape(rows)[0]):
                first = phase_1(tf.gather(data, rows[i]), z[i, 0])
                second = phase_2(z[i, 1])
                new = [*(first[name] for name in names), second["loss"]]
                sums = [a + b for a, b in zip(sums, new, strict=True)]
            steps = tf.cast(tf.shape(rows)[0], "float32")
            return [total / steps for total in sums]

        # Without XLA: on a CPU it makes these steps slower, some of them 50 times.
        self.phase_1 = tf.function(phase_1)
        self.phase_2 = tf.function(phase_2)
        self._both = tf.function(both, reduce_retracing=True)

    def train(self, x, *, epochs, batch_size=128, label="GAN", watch=None, after_epoch=(), seed=0):
        """Phase 1 and phase 2 in turn, with a progress bar.

        Args:
            x: real images, (n, ...), n at least `batch_size`.
            epochs: how often to go through them; the rows are shuffled each time.
            batch_size: rows of a batch of each kind.
            label: what is being trained, in a few words.
            watch: a `course.divergence.Watch`, shown the means of every 50 steps.
            after_epoch: functions of the number of finished epochs, such as one that keeps samples.
            seed: an int >= 0, for rows and noise.

        Returns:
            a dict of name -> list, an entry for each 50 steps: "step", what phase 1 returns, with
            its loss as "discriminator", and phase 2's loss as "generator".

        Raises:
            ValueError: if there are fewer images than a batch holds.
            course.divergence.TrainingDiverged: if the watch is told to stop.
        """
        steps = len(x) // batch_size
        if not steps:
            raise ValueError(
                f"A batch of {batch_size} needs as many images. Received: {len(x)}. Give more "
                "images or a smaller batch_size."
            )
        rng = np.random.default_rng(seed)
        data = tf.constant(np.asarray(x, "float32"))
        bar = _TwoLosses(label)
        bar.set_params({"epochs": epochs})
        bar.on_train_begin()
        curves, done = {}, 0
        for epoch in range(epochs):
            for rows in self._rows(rng, len(x), steps, batch_size):
                z = self.noise(rng, batch_size, lead=(len(rows), 2))
                numbers = [float(n) for n in self._both(data, tf.constant(rows), tf.constant(z))]
                done += len(rows)
                names = ("discriminator", "real", "generated", "right", "spread", "generator")
                report = {"step": done, **dict(zip(names, numbers, strict=True))}
                for name, number in report.items():
                    curves.setdefault(name, []).append(number)
                if watch is not None:
                    watch(report)
            bar.on_epoch_end(epoch, report)
            for hook in after_epoch:
                hook(epoch + 1)
        return curves

    def noise(self, rng, n, lead=()):
        """Draw z from a standard normal. -> (*lead, n, latent_dim) float32"""
        return rng.standard_normal((*lead, *self.lead, n, self.latent_dim), dtype="float32")

    def generate(self, n, seed=0, batch_size=1000):
        """Make n images, as in use: batch normalisation uses its moving means.

        Shapes:
            -> (n, ...) float32; with replicas (replicas, n, ...).
        """
        z = self.noise(np.random.default_rng(seed), n)
        if self.lead:
            return np.asarray(self.generator(z, training=False))
        return self.generator.predict(z, batch_size=batch_size, verbose=0)

    def _rows(self, rng, n, steps, batch_size):
        """Shuffled rows of one epoch, in parts of at most STEPS_PER_CALL steps."""
        if self.lead:
            rows = rng.integers(n, size=(steps, *self.lead, batch_size))
        else:
            rows = rng.permutation(n)[: steps * batch_size].reshape(steps, batch_size)
        for start in range(0, steps, STEPS_PER_CALL):
            yield rows[start : start + STEPS_PER_CALL].astype("int32")


def default_adam(rate=1e-3):
    """Adam as GANs use it: beta_1 = 0.5, a short memory. (Radford et al. 2016.)"""
    return keras.optimizers.Adam(rate, beta_1=0.5)


def fingerprint(*owners):
    """The SHA-256 of all variables of models and optimisers: weights, moving means, seeds, all.

    Two fingerprints are equal if and only if every bit is.

    Args:
        owners: Keras models, layers or optimisers.

    Returns:
        a str of 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for owner in owners:
        for variable in owner.variables:
            array = np.asarray(variable)
            digest.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
    return digest.hexdigest()


def _unchanged(model, x):
    """What the model answers in training, with all that it would change about itself thrown away.

    Setting `trainable = False` would not do: batch normalisation would then use its moving means,
    and the other network would train against answers that it never gets.
    """
    with keras.StatelessScope():
        return model(x, training=True)


def _move(model, optimizer, tape, loss):
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))


def _share(where):
    return ops.mean(ops.cast(where, "float32"))


class _TwoLosses(Progress):
    """The progress bar of `fit`, with both losses."""

    def on_epoch_end(self, epoch, logs=None):
        for name in ("discriminator", "generator"):
            self.curves.setdefault(name, []).append(logs[name])
        self._show(epoch + 1)
