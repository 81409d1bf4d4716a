"""Chapter 7 run small under watch: no label besides the drawn ones reaches any fit."""

import re

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest

from course import authoring, data
from course.labels import HiddenLabels

SLUG = "ch07_few_labels"
SMALL = {
    "SIZES": "(20, 100, 1000)",
    "DRAWS": "2",
    "STEPS": "1",
    "EPOCHS": "2",
    "DIGITS": "1200",
    "DIGIT_EPOCHS": "2",
}
SPLIT = "del y, y_test"


class Leak(AssertionError):
    """A fit got a label that nobody drew for it."""


def few_digits(*, say=print):
    """Pictures that a regression tells apart at once; the labels are what matters here."""
    rng = np.random.default_rng(0)
    parts = []
    for n in (1_300, 300):
        labels = rng.integers(0, 10, n)
        images = rng.uniform(size=(n, 28, 28, 1)) * (labels[:, None, None, None] + 1) / 10
        parts.append((images.astype("float32"), labels))
    return tuple(parts)


def small_text():
    """The chapter's code without exercises and homework, its settings made small."""
    kinds = {*authoring.KINDS}
    cells = [
        cell.source
        for cell in authoring.read_chapter(SLUG).cells
        if cell.cell_type == "code" and not kinds & set(cell.metadata)
    ]
    text = "\n\n".join(cells)
    for name, value in SMALL.items():
        text, times = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.M)
        assert times == 1, name
    return "where_pretraining_wins = attempt = lambda *_: None\n\n" + text.replace(
        "from course.exercises import attempt, check", ""
    )


@pytest.fixture
def watched(monkeypatch, tmp_path):
    """Run a text with every fit watched; return what the fits got."""
    import keras
    from sklearn.linear_model import LogisticRegression

    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setattr(data, "load_digits", few_digits)
    monkeypatch.setattr("course.gates.gate", lambda claim, value, **bounds: None)
    seen = {"allowed": 0, "with labels": 0, "without": 0}

    def watch(x, labels):
        x = np.asarray(x).reshape(len(x), -1)
        rows = {(row.tobytes(), int(label)) for row, label in zip(x, labels, strict=True)}
        if len(rows) > seen["allowed"]:
            raise Leak(f"a fit got {len(rows)} labelled rows, {seen['allowed']} were drawn")
        seen["with labels"] += 1

    def drawing(self, n, rng, true=HiddenLabels.draw):
        rows, labels = true(self, n, rng)
        seen["allowed"] = n
        return rows, labels

    def regression(self, x, y, true=LogisticRegression.fit):
        watch(x, y)
        self.max_iter = 5  # who gets which label does not depend on how well it is fitted
        return true(self, x, y)

    def network(self, x, y=None, true=keras.Model.fit, **settings):
        if y is x:  # the autoencoder: the target is the input, the very same array
            seen["without"] += 1
        else:
            watch(x, y)
        return true(self, x, y, **settings)

    monkeypatch.setattr(HiddenLabels, "draw", drawing)
    monkeypatch.setattr(LogisticRegression, "fit", regression)
    monkeypatch.setattr(keras.Model, "fit", network)

    def run(text):
        import matplotlib.pyplot as plt

        with plt.style.context("default"), np.errstate(all="ignore"):
            namespace = {"__name__": SLUG}
            exec(compile(text, f"<{SLUG}>", "exec"), namespace)
            plt.close("all")
        return namespace, seen

    return run


@pytest.mark.filterwarnings("ignore:newton-cg failed", "ignore:.*non-interactive")
def test_no_label_outside_the_draw_reaches_any_fit(watched):
    namespace, seen = watched(small_text())
    # 8 + 6 methods, 3 sizes, 2 draws, and once more for the count at the end of the chapter; one
    # more fit names the paths that nobody labelled.
    assert seen["with labels"] == (8 + 6) * (3 * 2 + 1) + 1
    assert seen["without"] == 6  # flights, digits, four of the stack
    assert namespace["flight_answers"].handed_out == namespace["digit_answers"].handed_out == 0
    assert namespace["beyond"] == 0
    assert "y" not in namespace and "y_test" not in namespace
    # Flights 3,000 and later have no label to leak: load_flights gives -1 (see test_flights).
    assert namespace["flight_labels"].opened.max() < 3_000


@pytest.mark.parametrize(
    "leak",
    [
        "LogisticRegression().fit(x[y >= 0].reshape(-1, 256), y[y >= 0])",
        "LogisticRegression().fit(xt.reshape(-1, 256), y_test)",
        "flight_labels.draw(20, np.random.default_rng(0))\n"
        "LogisticRegression().fit(x[:21].reshape(-1, 256), y[:21])",
    ],
)
def test_the_watch_sees_a_leak(watched, leak):
    text = small_text()
    before, after = text.split(SPLIT, 1)
    assert after
    with pytest.raises(Leak, match="labelled rows"):
        watched(before + leak)
