"""course.training: the schedule against its formula, and the progress bar in a real kernel."""

import math
import re

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course.running import execute


@pytest.fixture(scope="module")
def training():
    import course.training

    return course.training


@pytest.fixture(scope="module")
def model():
    """Four weights; each test goes on from where the last one left them."""
    import keras

    layer = keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False)
    model = keras.Sequential([keras.Input((4,)), layer])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", steps_per_execution=3)
    return model


def fit(model, *callbacks, **options):
    x = np.ones((64, 4), "float32")
    return model.fit(x, x[:, :1], batch_size=16, verbose=0, callbacks=callbacks, **options)


@pytest.mark.parametrize(("epochs", "steps", "warmup"), [(10, 7, 1), (4, 5, 0), (3, 4, 2)])
def test_the_rate_climbs_in_a_line_and_falls_along_a_cosine(training, epochs, steps, warmup):
    schedule = training.warmup_cosine(0.5, epochs, steps, warmup_epochs=warmup)
    climb, fall = warmup * steps, (epochs - warmup) * steps
    for step in range(epochs * steps + 3):
        if step < climb:
            expected = 0.05 + (0.5 - 0.05) * step / climb
        else:
            expected = 0.25 * (1 + math.cos(math.pi * min(step - climb, fall) / fall))
        assert float(schedule(step)) == pytest.approx(expected, abs=1e-6), step


def test_a_part_of_an_epoch_can_be_the_climb(training):
    schedule = training.warmup_cosine(1.0, 2, 10, warmup_epochs=0.5)
    assert float(schedule(5)) == pytest.approx(1) and float(schedule(4)) < 1
    assert float(schedule(20)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("epochs", "warmup"), [(3, 3), (3, 4), (3, -1), (0, 0)])
def test_a_climb_that_does_not_end_is_refused(training, epochs, warmup):
    with pytest.raises(ValueError, match=rf"epochs \({epochs}\)\. Received: {warmup}"):
        training.warmup_cosine(0.1, epochs, 5, warmup_epochs=warmup)


@pytest.mark.parametrize(("n", "size"), [(64, 16), (65, 16), (1, 16), (16, 16)])
def test_steps_are_the_batches_that_fit_takes(training, model, n, size):
    import keras

    seen = []
    count = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: seen.append(count.params))
    model.fit(np.ones((n, 4)), np.ones((n, 1)), batch_size=size, verbose=0, callbacks=[count])
    assert training.steps_per_epoch(np.ones((n, 4)), size) == seen[0]["steps"]


def test_a_terminal_gets_a_line_an_epoch(training, model, capsys):
    history = fit(model, training.Progress("four"), epochs=3, validation_split=0.25).history
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for i, line in enumerate(lines):
        assert line.startswith("four [") and f"] {i + 1}/3 epochs, " in line
        loss, val_loss = history["loss"][i], history["val_loss"][i]
        assert line.endswith(f", loss {loss:.4f}, val_loss {val_loss:.4f}")
    assert lines[-1].count("#") == 24


def test_no_epochs_no_lines(training, model, capsys):
    fit(model, training.Progress(), epochs=0)
    assert capsys.readouterr().out == ""


def test_a_loss_that_is_no_number_is_shown(training, model, capsys):
    import keras

    weights = model.get_weights()
    model.set_weights([np.full_like(weights[0], np.nan)])
    fit(model, training.Progress(), epochs=2)
    assert capsys.readouterr().out.count("loss nan") == 2
    fit(model, training.Progress(), keras.callbacks.TerminateOnNaN(), epochs=5)
    assert "5/5" not in capsys.readouterr().out
    model.set_weights(weights)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_after_a_stop_the_same_bar_starts_anew(training, model, capsys, error):
    import keras

    def stop(epoch, logs):
        if epoch == 1:
            raise error("stop")

    bar = training.Progress("bar")
    with pytest.raises(error):
        fit(model, bar, keras.callbacks.LambdaCallback(on_epoch_end=stop), epochs=4)
    assert len(capsys.readouterr().out.splitlines()) == 2
    fit(model, bar, epochs=3)
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert len(bar.curves["loss"]) == 3


def adam(x, y, rates, batch_size, epochs):
    """A linear model y = x @ w by Adam (Kingma & Ba 2015), from zero, in NumPy."""
    w, m, v, step = np.zeros(x.shape[1]), 0.0, 0.0, 0
    for _ in range(epochs):
        for start in range(0, len(x), batch_size):
            a, b = x[start : start + batch_size], y[start : start + batch_size]
            gradient = 2 * a.T @ (a @ w - b) / len(a)
            m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
            rate, step = rates(step), step + 1
            w = w - rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-7)
    return w


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_is_adam_along_the_schedule(training, jit_compile, capsys):
    import keras

    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3)).astype("float32")
    y = x @ np.array([[1], [-2], [3]], "float32")
    dense = keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False)
    model = keras.Sequential([keras.Input((3,)), dense])
    history = training.fit(
        model,
        x,
        y,
        epochs=4,
        peak=0.1,
        label="line",
        loss="mse",
        batch_size=16,
        jit_compile=jit_compile,
        shuffle=False,
        validation_data=(x, y),
    )
    schedule = training.warmup_cosine(0.1, 4, 4)  # four batches an epoch
    expected = adam(x, y[:, 0], lambda step: float(schedule(step)), 16, 4)
    np.testing.assert_allclose(model.get_weights()[0][:, 0], expected, rtol=1e-3)
    assert len(history.history["val_loss"]) == 4 and model.jit_compile is jit_compile
    assert [line[:4] for line in capsys.readouterr().out.splitlines()] == ["line"] * 4


def test_fit_takes_more_callbacks_and_can_be_silent(training, capsys):
    import keras

    epochs = []
    count = keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: epochs.append(e))
    dense = keras.layers.Dense(4)
    model = keras.Sequential([keras.Input((4,)), dense])
    x = np.ones((8, 4), "float32")
    training.fit(model, x, x, epochs=2, peak=1e-3, label=None, loss="mse", callbacks=[count])
    assert epochs == [0, 1] and capsys.readouterr().out == ""


KERNEL = """
import keras, numpy as np
from course.training import Progress
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile(loss="mse", run_eagerly=True)
x = np.ones((8, 4), "float32")
def fit(*callbacks, label="a & b", **options):
    model.fit(x, x[:, :1], verbose=0, callbacks=[Progress(label), *callbacks], **options)
"""


def test_a_notebook_keeps_one_panel_for_each_training(training):
    """In a real kernel: drawn over itself, and after a failure left where it was."""
    stop = "keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: 1 / (e < 1))"
    nb = new_notebook(
        cells=[
            new_code_cell(KERNEL),
            new_code_cell("fit(epochs=3)"),
            new_code_cell("bar = Progress('one')\nfit(bar, epochs=2, label='two')\nfit(bar)"),
            new_code_cell("fit(epochs=0)"),
            new_code_cell(f"fit({stop}, epochs=5)", metadata={"tags": ["raises-exception"]}),
        ]
    )
    outcome = execute(nb, env={"TF_CPP_MIN_LOG_LEVEL": "3"}, timeout=120)
    assert outcome.error is None
    first, pair, empty, failed = (
        [o for o in cell.outputs if o.output_type != "error"] for cell in nb.cells[1:]
    )
    for output in first + pair + empty + failed:
        assert output.output_type == "display_data"
        assert set(output.data) == {"text/html", "text/plain"}

    def ends(outputs):
        return [re.search(r"\d/\d", o.data["text/plain"])[0] for o in outputs]

    assert (ends(first), ends(pair)) == (["3/3"], ["2/2", "2/2", "1/1", "1/1"])
    assert (ends(empty), ends(failed)) == (["0/0"], ["2/5"])
    assert "<span>a &amp; b</span>" in first[0].data["text/html"]
    assert first[0].data["text/html"].count("<polyline") == 1
