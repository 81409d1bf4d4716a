"""Networks side by side against the same networks one by one."""

import numpy as np
import pytest

from course.adversarial import Gan, fingerprint
from course.quiet import keras
from course.replicas import Replicas
from course.reproducibility import set_seed

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")

layers = keras.layers
RNG = np.random.default_rng(6)


def tiny():
    return keras.Sequential([keras.Input((2,)), layers.Dense(4, "relu"), layers.Dense(2)])


def tiny_critic():
    return keras.Sequential([keras.Input((2,)), layers.Dense(4, "relu"), layers.Dense(1)])


def test_replicas_compute_what_each_would_alone():
    set_seed(1)
    three = Replicas(tiny, 3)
    x = RNG.normal(size=(3, 5, 2)).astype("float32")
    y = np.asarray(three(x))
    for i in range(3):
        np.testing.assert_allclose(y[i], three.pick(i).predict(x[i], verbose=0), atol=1e-6)
    assert np.abs(y[0] - three.pick(1).predict(x[0], verbose=0)).max() > 1e-3  # not one network
    assert len(three.trainable_variables) == 4 and not three.non_trainable_variables


def test_replicas_train_as_each_would_alone():
    """With plain descent the mean over two halves the step, so their rate is twice as large."""
    sgd = keras.optimizers.SGD
    set_seed(1)
    both = Gan(Replicas(tiny, 2), Replicas(tiny_critic, 2), sgd(0.2), sgd(0.2))
    alone = [
        Gan(both.generator.pick(i), both.discriminator.pick(i), sgd(0.1), sgd(0.1))
        for i in range(2)
    ]
    start = both.generator.pick(0).get_weights()
    for _ in range(5):
        real, z = (RNG.normal(size=(2, 8, 2)).astype("float32") for _ in range(2))
        both.phase_1(real, z)
        both.phase_2(z)
        for i in range(2):
            alone[i].phase_1(real[i], z[i])
            alone[i].phase_2(z[i])
    for i in range(2):
        for mine, own in zip(
            both.generator.pick(i).get_weights(), alone[i].generator.get_weights(), strict=True
        ):
            np.testing.assert_allclose(mine, own, atol=1e-5)
    moved = [
        np.abs(a - b).max() for a, b in zip(start, alone[0].generator.get_weights(), strict=True)
    ]
    assert max(moved) > 1e-3


def test_replicas_train_in_a_loop_and_keep_to_the_phases():
    set_seed(1)
    gan = Gan(Replicas(tiny, 2), Replicas(tiny_critic, 2))
    curves = gan.train(RNG.normal(size=(256, 2)), epochs=1, batch_size=32)
    assert curves["step"] == [8] and gan.generate(7).shape == (2, 7, 2)
    generator, discriminator = fingerprint(gan.generator), fingerprint(gan.discriminator)
    gan.phase_1(*(RNG.normal(size=(2, 8, 2)).astype("float32") for _ in range(2)))
    assert fingerprint(gan.generator) == generator
    assert fingerprint(gan.discriminator) != discriminator


def test_replicas_refuse_what_they_cannot_keep_apart():
    with pytest.raises(ValueError, match="leave out batch normalisation"):
        Replicas(lambda: keras.Sequential([keras.Input((2,)), layers.BatchNormalization()]), 2)
    with pytest.raises(ValueError, match="at least 1"):
        Replicas(tiny, 0)
