"""What goes wrong is named while it runs: on reports by hand, and on real training."""

import math

import numpy as np
import pytest

from course.adversarial import Gan, default_adam
from course.data.modes import RING_SIGMA, draw_points, ring_centres
from course.divergence import ADVICE, TrainingDiverged, Watch, spread_of
from course.quiet import keras
from course.reproducibility import set_seed

layers = keras.layers
FINE = {"step": 50, "discriminator": 1.3, "generator": 0.8, "right": 0.6, "spread": 1.0}


def found(changes, reports=20, **settings):
    said = []
    watch = Watch(1.0, say=said.append, **settings)
    for i in range(reports):
        watch(FINE | changes | {"step": 50 * (i + 1)})
    assert [str(trouble) for trouble in watch.troubles] == said
    return watch


@pytest.mark.parametrize(
    ("changes", "name", "step"),
    [
        ({"generator": math.nan}, "not a number", 50),
        ({"discriminator": math.inf}, "not a number", 50),
        ({"spread": math.nan}, "not a number", 50),
        ({"generator": 101.0}, "exploding loss", 50),
        (
            {"discriminator": 0.02, "generator": 6.0, "right": 0.999},
            "discriminator too strong",
            500,
        ),
        ({"discriminator": 3.0}, "discriminator lost", 500),
        ({"spread": 0.01}, "collapsed outputs", 500),
    ],
)
def test_each_trouble_has_its_name_and_its_time(changes, name, step):
    watch = found(changes)
    assert watch.names == [name]
    trouble = watch.troubles[0]
    assert trouble.step == step
    assert (
        trouble.advice == ADVICE[name] and name in str(trouble) and f"step {step}" in str(trouble)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"discriminator": 2 * math.log(2), "right": 0.5},
        {"discriminator": 0.3, "generator": 4.0, "right": 0.97},
        {"discriminator": 0.02, "generator": 3.0, "right": 1.0},  # strong, but there is a gradient
        {"generator": 9.0, "discriminator": 1.0},
        {"spread": 0.1},
    ],
)
def test_what_is_fine_is_left_alone(changes):
    assert found(changes, reports=100).names == []


def test_a_trouble_must_last_without_a_break():
    watch = Watch(1.0, patience=3, say=lambda line: None)
    for lost in (1, 1, 0, 1, 1, 0, 1, 1):
        watch(FINE | {"discriminator": 3.0 if lost else 1.3})
    assert watch.names == []
    watch(FINE | {"discriminator": 3.0})
    assert watch.names == ["discriminator lost"]


def test_it_is_said_once_and_two_troubles_are_both_said():
    watch = found({"discriminator": 3.0, "spread": 0.0}, reports=100)
    assert sorted(watch.names) == ["collapsed outputs", "discriminator lost"]


def test_told_to_stop_it_stops_with_the_name():
    with pytest.raises(
        TrainingDiverged, match=r"not a number at step 50: the generator's loss is nan"
    ):
        found({"generator": math.nan}, stop=True)


def test_the_spread_of_real_images_by_hand():
    x = np.array([[0.0, 1.0], [2.0, 1.0]])
    assert spread_of(x) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="The real images must vary"):
        Watch(spread_of(np.ones((5, 3))))
    with pytest.raises(ValueError, match="patience"):
        Watch(1.0, patience=0)


def mlp(inputs, outputs, width, scale=1.0):
    """A dense net; a large scale makes the last layer's numbers large."""
    last = keras.initializers.VarianceScaling(scale)
    hidden = [layers.Dense(width, "relu") for _ in range(2 if width > 4 else 1)]
    return keras.Sequential(
        [keras.Input((inputs,)), *hidden, layers.Dense(outputs, kernel_initializer=last)]
    )


POINTS = draw_points(6400, ring_centres(), RING_SIGMA)


def trained(rate, critic_rate=None, epochs=20, width=32, x=POINTS, batch_size=64, **settings):
    set_seed(0)
    gan = Gan(
        mlp(2, 2, width),
        mlp(2, 1, settings.pop("critic_width", width)),
        default_adam(rate),
        default_adam(critic_rate or rate),
    )
    watch = Watch(spread_of(POINTS), say=lambda line: None, **settings)
    gan.train(x, epochs=epochs, batch_size=batch_size, watch=watch)
    return watch


def test_a_healthy_training_raises_no_alarm():
    assert trained(1e-3, epochs=25).names == []


def test_an_absurd_learning_rate_is_named_within_the_first_epoch():
    with pytest.raises(TrainingDiverged, match=r"(exploding loss|not a number) at step 50:"):
        trained(1e3, stop=True)


def test_numbers_that_are_none_are_named():
    broken = POINTS.copy()
    broken[::7] = np.nan
    with pytest.raises(TrainingDiverged, match="not a number at step 50"):
        trained(1e-3, x=broken, stop=True)


def test_a_far_too_strong_discriminator_is_named():
    watch = trained(1e-5, 1e-2, critic_width=128)
    assert "discriminator too strong" in watch.names


def test_outputs_that_collapse_are_named():
    set_seed(0)
    generator = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(8, "relu", bias_initializer="ones"),
            layers.Dense(2, kernel_initializer=keras.initializers.RandomNormal(stddev=1e-4)),
        ]
    )
    gan = Gan(generator, mlp(2, 1, 32), default_adam(1e-6), default_adam(1e-3))
    watch = Watch(spread_of(POINTS), say=lambda line: None)
    gan.train(POINTS, epochs=6, batch_size=64, watch=watch)
    assert "collapsed outputs" in watch.names
