"""The two phases: what moves, what does not by a single bit, and that the numbers are right."""

import numpy as np
import pytest

from course.adversarial import (
    Gan,
    default_adam,
    discriminator_step,
    fingerprint,
    generator_step,
)
from course.quiet import keras
from course.reproducibility import set_seed

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")

layers = keras.layers
RNG = np.random.default_rng(5)


def networks(norm=True):
    """Both with everything that could move unseen: moving means, and seeds of a dropout."""
    set_seed(3)
    extra = [layers.BatchNormalization(), layers.Dropout(0.3)] if norm else []
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(8), *extra, layers.Dense(2)])
    extra = [layers.BatchNormalization(), layers.Dropout(0.3)] if norm else []
    discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(8), *extra, layers.Dense(1)])
    return generator, discriminator


def batch(n=16):
    real = RNG.normal(2, 0.5, size=(n, 2)).astype("float32")
    return real, RNG.normal(size=(n, 3)).astype("float32")


def parts(gan):
    return {
        "generator": fingerprint(gan.generator),
        "its optimiser": fingerprint(gan.generator_optimizer),
        "discriminator": fingerprint(gan.discriminator),
        "its optimiser, too": fingerprint(gan.discriminator_optimizer),
    }


def moved(before, after):
    return {name for name in before if before[name] != after[name]}


def test_each_phase_moves_one_network_and_not_a_bit_of_the_other():
    gan = Gan(*networks())
    real, z = batch()
    for _ in range(3):
        before = parts(gan)
        gan.phase_1(real, z)
        between = parts(gan)
        gan.phase_2(z)
        assert moved(before, between) == {"discriminator", "its optimiser, too"}
        assert moved(between, parts(gan)) == {"generator", "its optimiser"}


def test_the_same_holds_step_by_step_without_a_graph():
    generator, discriminator = networks()
    optimizers = default_adam(), default_adam()
    real, z = batch()
    before = fingerprint(generator), fingerprint(discriminator)
    discriminator_step(generator, discriminator, optimizers[0], real, z)
    assert fingerprint(generator) == before[0]
    assert fingerprint(discriminator) != before[1]
    before = fingerprint(generator), fingerprint(discriminator)
    generator_step(generator, discriminator, optimizers[1], z)
    assert fingerprint(generator) != before[0]
    assert fingerprint(discriminator) == before[1]


def test_the_moving_means_of_the_own_network_do_move():
    """Phase 1 must not freeze what belongs to it: 2 batches, the moving mean takes in both."""
    generator, discriminator = networks()
    norm = discriminator.layers[1]
    gan = Gan(generator, discriminator)
    before = np.array(norm.moving_mean)
    real, z = batch()
    gan.phase_1(real, z)
    assert np.abs(np.array(norm.moving_mean) - before).max() > 0
    before = np.array(generator.layers[1].moving_mean)
    gan.phase_2(z)
    assert np.abs(np.array(generator.layers[1].moving_mean) - before).max() > 0


def slow_mean(values):
    return float(np.mean(np.asarray(values, dtype=float)))


def test_the_numbers_are_those_of_numpy():
    generator, discriminator = networks(norm=False)
    real, z = batch()
    fake = generator.predict(z, verbose=0)
    d_real = 1 / (1 + np.exp(-discriminator.predict(real, verbose=0).astype(float)))
    d_fake = 1 / (1 + np.exp(-discriminator.predict(fake, verbose=0).astype(float)))
    first = {k: float(v) for k, v in Gan(generator, discriminator).phase_1(real, z).items()}
    assert first == pytest.approx(
        {
            "loss": slow_mean(-np.log(d_real)) + slow_mean(-np.log(1 - d_fake)),
            "real": slow_mean(d_real),
            "generated": slow_mean(d_fake),
            "right": (slow_mean(d_real > 0.5) + slow_mean(d_fake < 0.5)) / 2,
            "spread": slow_mean(fake.std(axis=0)),
        },
        rel=1e-5,
    )
    d_fake = 1 / (1 + np.exp(-discriminator.predict(fake, verbose=0).astype(float)))
    second = {k: float(v) for k, v in Gan(generator, discriminator).phase_2(z).items()}
    expected = {"loss": slow_mean(-np.log(d_fake)), "generated": slow_mean(d_fake)}
    assert second == pytest.approx(expected, rel=1e-5)


def test_each_phase_goes_downhill_on_its_own_loss():
    generator, discriminator = networks(norm=False)
    gan = Gan(generator, discriminator, default_adam(1e-2), default_adam(1e-2))
    real, z = batch(64)
    first = [float(gan.phase_1(real, z)["loss"]) for _ in range(50)]
    assert first[-1] < 0.5 * first[0]
    second = [float(gan.phase_2(z)["loss"]) for _ in range(50)]
    assert second[-1] < 0.5 * second[0]


def test_batches_stay_apart_in_phase_1():
    """The discriminator must not see real and generated rows in one batch: it would be easy."""
    seen = []

    class Spy(layers.Layer):
        def call(self, x):
            seen.append(x.shape[0])
            return x

    generator, _ = networks(norm=False)
    discriminator = keras.Sequential([keras.Input((2,)), Spy(), layers.Dense(1)])
    seen.clear()
    real, z = batch(16)
    discriminator_step(generator, discriminator, default_adam(), real, z)
    assert seen == [16, 16]


def test_training_reports_calls_and_repeats(capsys):
    x = RNG.normal(2, 0.5, size=(700, 2)).astype("float32")

    def run():
        gan = Gan(*networks())
        epochs, reports = [], []
        curves = gan.train(
            x, epochs=2, batch_size=8, watch=reports.append, after_epoch=[epochs.append], seed=1
        )
        assert epochs == [1, 2]
        assert curves["step"] == [50, 87, 137, 174] == [r["step"] for r in reports]
        assert set(curves) == set(reports[0])
        return curves, parts(gan), gan.generate(5, seed=2)

    (curves, prints, images), (again, prints_again, images_again) = run(), run()
    assert curves == again and prints == prints_again
    np.testing.assert_array_equal(images, images_again)
    assert images.shape == (5, 2)
    assert "2/2 epochs" in capsys.readouterr().out


def test_training_is_phase_1_and_phase_2_in_turn():
    """Step by step with rows and noise drawn as `train` draws them."""
    x = RNG.normal(size=(29, 2)).astype("float32")
    looped, stepped = Gan(*networks()), Gan(*networks())
    looped.train(x, epochs=2, batch_size=8, seed=4)
    rng = np.random.default_rng(4)
    for _ in range(2):
        rows = rng.permutation(29)[:24].reshape(3, 8)
        z = rng.standard_normal((3, 2, 8, 3), dtype="float32")
        for i in range(3):
            stepped.phase_1(x[rows[i]], z[i, 0])
            stepped.phase_2(z[i, 1])
    for a, b in (
        (looped.generator, stepped.generator),
        (looped.discriminator, stepped.discriminator),
    ):
        for mine, own in zip(a.get_weights(), b.get_weights(), strict=True):
            np.testing.assert_allclose(mine, own, atol=1e-5)


def test_training_learns_where_the_data_are():
    x = RNG.normal([2, -1], 0.3, size=(6400, 2)).astype("float32")
    set_seed(0)
    generator = keras.Sequential([keras.Input((2,)), layers.Dense(32, "relu"), layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(32, "relu"), layers.Dense(1)])
    gan = Gan(generator, discriminator)
    far = np.linalg.norm(gan.generate(2000).mean(axis=0) - [2, -1])
    gan.train(x, epochs=12, batch_size=64)
    made = gan.generate(2000)
    assert np.linalg.norm(made.mean(axis=0) - [2, -1]) < 0.3 * far
    assert made.std() < 2 * x.std()


def test_a_fingerprint_sees_every_bit():
    generator, discriminator = networks()
    before = fingerprint(generator, discriminator)
    assert len(before) == 64 and before == fingerprint(generator, discriminator)
    assert before != fingerprint(discriminator, generator)
    mean = generator.layers[1].moving_mean
    value = np.array(mean)
    value[3] = np.nextafter(value[3], np.float32(9), dtype="float32")
    mean.assign(value)
    assert before != fingerprint(generator, discriminator)


def test_wrong_networks_are_named():
    generator, discriminator = networks()
    discriminator.trainable = False
    with pytest.raises(ValueError, match="The discriminator needs weights to train"):
        Gan(generator, discriminator)
    with pytest.raises(ValueError, match="The generator needs weights to train: give it an Input"):
        Gan(keras.Sequential([layers.Dense(3)]), discriminator)
    generator, discriminator = networks()
    one = default_adam()
    with pytest.raises(ValueError, match="an optimiser of its own"):
        Gan(generator, discriminator, one, one)
    with pytest.raises(ValueError, match="A batch of 128 needs as many images"):
        Gan(generator, discriminator).train(batch()[0], epochs=1)
