"""course.learning_curves and course.rewind: paired draws, honest intervals, a fresh start."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest

from course.labels import HiddenLabels
from course.learning_curves import draw_learning_curves, interval, learning_curves
from course.rewind import Rewind

TRUTH = np.arange(400) % 4
ANSWERS = np.arange(100) % 4


def run(methods, sizes=(8, 40), draws=3, seed=0, lines=None):
    labels, answers = HiddenLabels(TRUTH), HiddenLabels(ANSWERS)
    say = (lambda line: None) if lines is None else lines.append
    scores = learning_curves(methods, labels, answers, sizes, draws, seed, say)
    return scores, labels, answers


def recorder(seen):
    def fit(rows, labels, seed):
        seen.append((rows, labels, seed))
        return np.zeros(100, dtype=int)

    return fit


def test_all_methods_get_the_same_rows_with_their_own_labels_and_no_more():
    one, two = [], []
    _, labels, answers = run({"one": recorder(one), "two": recorder(two)})
    assert [len(rows) for rows, _, _ in one] == [8] * 3 + [40] * 3
    for (rows, known, seed), (rows2, known2, seed2) in zip(one, two, strict=True):
        np.testing.assert_array_equal(rows, rows2)
        np.testing.assert_array_equal(known, known2)
        np.testing.assert_array_equal(known, TRUTH[rows])
        assert seed == seed2
    draws = [frozenset(rows.tolist()) for rows, _, _ in one]
    assert len(set(draws)) == 6, "two draws are the same"
    np.testing.assert_array_equal(labels.opened, sorted(set().union(*draws)))
    assert len(answers.opened) == 0


def test_rows_and_seeds_follow_the_seed():
    seen = {}
    for key, seed in (("one", 0), ("again", 0), ("other", 1)):
        seen[key] = []
        run({"a": recorder(seen[key])}, draws=4, seed=seed)
    for (rows, _, seed), (rows2, _, seed2) in zip(seen["one"], seen["again"], strict=True):
        np.testing.assert_array_equal(rows, rows2)
        assert seed == seed2
    for (rows, _, _), (rows2, _, _) in zip(seen["one"], seen["other"], strict=True):
        assert set(rows.tolist()) != set(rows2.tolist())
    seeds = {key: {seed for _, _, seed in calls} for key, calls in seen.items()}
    assert len(seeds["one"]) == 4 and not seeds["one"] & seeds["other"]


def test_a_method_that_spoils_its_rows_spoils_no_other():
    def spoil(rows, labels, seed):
        rows[:], labels[:] = 0, 0
        return np.zeros(100, dtype=int)

    seen = []
    run({"spoil": spoil, "next": recorder(seen)})
    for rows, known, _ in seen:
        np.testing.assert_array_equal(known, TRUTH[rows])
        assert len(set(rows.tolist())) == len(rows)


def test_scores_are_the_shares_right():
    methods = {
        "all": lambda rows, labels, seed: ANSWERS,
        "none": lambda rows, labels, seed: (ANSWERS + 1) % 4,
        "first": lambda rows, labels, seed: np.where(np.arange(100) < 25, ANSWERS, -1),
    }
    scores, _, _ = run(methods)
    assert {name: values.shape for name, values in scores.items()} == dict.fromkeys(methods, (2, 3))
    assert (scores["all"] == 1).all() and (scores["none"] == 0).all()
    np.testing.assert_allclose(scores["first"], 0.25)


def test_a_method_that_opens_other_labels_is_caught():
    labels, answers = HiddenLabels(TRUTH), HiddenLabels(ANSWERS)
    for box in (labels, answers):

        def leaky(rows, known, seed, box=box):
            box.draw(80, np.random.default_rng(5))
            return np.zeros(100, dtype=int)

        for _ in range(2):  # the second time these labels are open already
            with pytest.raises(RuntimeError, match="'leaky' opened 80 labels besides the 8"):
                learning_curves({"leaky": leaky}, labels, answers, [8], 2, say=lambda line: None)


def test_labels_outside_the_draw_do_not_change_an_answer():
    """Every other label replaced by nonsense: the predictions stay the same, bit by bit."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x, xt = rng.normal(size=(400, 5)), rng.normal(size=(100, 5))
    x[:, 0] += TRUTH
    made = []

    def fit(rows, labels, seed):
        made.append((rows, LogisticRegression().fit(x[rows], labels).predict_proba(xt)))
        return np.zeros(100, dtype=int)

    run({"fit": fit}, sizes=(20,), draws=2)
    for rows, before in list(made):
        poisoned = np.full(400, -1)
        poisoned[rows] = TRUTH[rows]
        box = HiddenLabels(poisoned)
        again, known = box.draw(len(rows), np.random.default_rng(0))
        order = np.argsort(again)[np.argsort(np.argsort(rows))]
        fit(again[order], known[order], 0)
        np.testing.assert_array_equal(made[-1][1], before)


def test_the_table_has_a_line_for_each_size():
    lines = []
    run({"a long name": recorder([]), "b": recorder([])}, lines=lines)
    assert len(lines) == 3 and len({len(line) for line in lines}) == 1
    assert lines[0].split() == ["labels", "a", "long", "name", "b"]
    assert lines[1].split() == ["8", ".250", "±.000", ".250", "±.000"]


def test_one_draw_is_not_enough():
    with pytest.raises(ValueError, match="Received: 1"):
        run({}, draws=1)
    for values in ([0.5], [[0.5, 0.6]]):
        with pytest.raises(ValueError, match="two values"):
            interval(values)


def test_interval_against_a_table_of_students_t():
    # Quantiles from the table in any textbook, 4 and 11 degrees of freedom.
    for values, t in (([1.0, 2, 3, 4, 5], 2.776), (np.arange(12.0), 2.201)):
        mean, half = interval(values)
        assert mean == np.mean(values)
        assert half == pytest.approx(t * np.std(values, ddof=1) / len(values) ** 0.5, rel=1e-3)


def test_the_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    trials = [interval(row) for row in rng.normal(0.3, 0.1, (4_000, 5))]
    covered = np.mean([abs(mean - 0.3) < half for mean, half in trials])
    assert abs(covered - 0.95) < 0.015  # 4 sigmas are 0.014


def test_the_figure_draws_means_and_keeps_colours():
    import matplotlib.pyplot as plt

    scores, _, _ = run({"a": recorder([]), "b": lambda rows, labels, seed: ANSWERS})
    for names, colours in ((None, ["C0", "C1"]), (["b"], ["C1"])):
        fig, ax = plt.subplots()
        assert draw_learning_curves(ax, (8, 40), scores, names, title="t") is ax
        lines = [container.lines[0] for container in ax.containers]
        assert [line.get_color() for line in lines] == colours
        np.testing.assert_allclose(lines[-1].get_ydata(), 1)
        assert ax.get_xscale() == "log" and ax.get_xlabel() == "labels" and ax.get_ylabel()
        assert [text.get_text() for text in ax.get_xticklabels()] == ["8", "40"]
        plt.close(fig)


def test_the_figure_shows_intervals_and_tells_methods_apart():
    import matplotlib.pyplot as plt

    scores = {name: np.array([[0.2, 0.4, 0.3], [0.5, 0.7, 0.9]]) for name in "abc"}
    fig, ax = plt.subplots()
    draw_learning_curves(ax, (8, 40), scores)
    lines, _, bars = zip(*[container.lines for container in ax.containers], strict=True)
    for row, (low, high) in zip(scores["a"], bars[0][0].get_segments(), strict=True):
        mean, half = interval(row)
        assert (low[1], high[1]) == pytest.approx((mean - half, mean + half))
    assert len({line.get_marker() for line in lines}) == 3
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == 3
    assert len({line.get_xdata()[0] for line in lines}) == 3, "a bar hides another"
    assert [container.get_label() for container in ax.containers] == ["a", "b", "c"]
    plt.close(fig)


def small_model():
    import keras

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 20)
    model.compile(optimizer=keras.optimizers.Adam(schedule), loss="mse")
    return model


def fit(model):
    x = np.arange(24.0).reshape(8, 3) / 24
    model.fit(x, x[:, :2], epochs=5, verbose=0, shuffle=False)
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def test_a_rewound_model_trains_as_a_new_one():
    model = small_model()
    rewind = Rewind(model)
    first = fit(model)
    assert not np.allclose(fit(model), first)  # it went on from where it was
    rewind()
    np.testing.assert_array_equal(fit(model), first)
    np.testing.assert_allclose(fit(small_model()), first, rtol=1e-5)


def test_rewinding_to_other_weights_takes_a_fresh_optimiser():
    model = small_model()
    rewind = Rewind(model)
    fit(model)
    weights = [weight + 1 for weight in small_model().get_weights()]
    rewind(weights)
    assert int(model.optimizer.iterations.numpy()) == 0
    for before, now in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, now)
    after = fit(model)
    fresh = small_model()
    fresh.set_weights(weights)
    np.testing.assert_allclose(fit(fresh), after, rtol=1e-5)


def test_a_model_without_state_cannot_be_rewound():
    import keras

    with pytest.raises(ValueError, match="Build and compile"):
        Rewind(keras.Sequential([keras.layers.Dense(2)]))
    unbuilt = keras.Sequential([keras.layers.Dense(2)])
    unbuilt.compile(loss="mse")
    with pytest.raises(ValueError, match="Build and compile"):
        Rewind(unbuilt)
    with pytest.raises(ValueError, match="Build and compile"):
        Rewind(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]))
