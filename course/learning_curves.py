"""How good a method is after so many labels: several draws each, with intervals."""

import numpy as np

from course.display import DASHES

MARKS = ("o", "s", "^", "D", "v", "P", "X")


def learning_curves(methods, labels, test_labels, sizes, draws, seed=0, say=print):
    """Fit every method on the same draws of labelled rows and score it on the test rows.

    Args:
        methods: a dict of name -> function of (rows, labels, seed) that fits on these training rows
            and returns the predicted classes of all test rows. It gets no other label.
        labels: `course.labels.HiddenLabels` of the training rows.
        test_labels: `HiddenLabels` of the test rows; only their `share_right` is used.
        sizes: numbers of labels, such as (20, 100).
        draws: how often to draw, at least 2.
        seed: an int >= 0; the same seed draws the same rows.
        say: takes one line of text: one for the head, one for each size.

    Returns:
        a dict of name -> accuracies (len(sizes), draws). Column j of two methods belongs to the
        same labelled rows, so differences are paired.

    Raises:
        ValueError: if there are fewer than two draws: one number has no spread.
        RuntimeError: if a method opens a label besides those that it is given.
    """
    if draws < 2:
        raise ValueError(f"Draw at least twice: one number has no spread. Received: {draws}.")
    scores = {name: np.zeros((len(sizes), draws)) for name in methods}
    widths = [max(len(name), 10) for name in methods]
    say("  ".join(["labels", *(f"{name:>{w}}" for name, w in zip(methods, widths, strict=True))]))
    for i, size in enumerate(sizes):
        for j in range(draws):
            rows, known = labels.draw(size, np.random.default_rng([seed, size, j]))
            for name, fit in methods.items():
                handed_out = labels.handed_out + test_labels.handed_out
                predictions = fit(rows.copy(), known.copy(), seed * draws + j)
                more = labels.handed_out + test_labels.handed_out - handed_out
                if more:
                    raise RuntimeError(f"{name!r} opened {more} labels besides the {size} it got.")
                scores[name][i, j] = test_labels.share_right(predictions)
        row = [f"{size:6,}"]
        for name, width in zip(methods, widths, strict=True):
            mean, half = interval(scores[name][i])
            row.append(f"{f'{mean:.3f} ±{half:.3f}'.replace('0.', '.'):>{width}}")
        say("  ".join(row))
    return scores


def interval(values):
    """Mean and half width of its 95 % interval by Student's t. (Student 1908.)

    It answers how well a few draws tell the mean over all draws of this size from this training
    set. It knows nothing of another training set, nor of another test set.

    Shapes:
        (n,), n >= 2 -> two floats.

    Raises:
        ValueError: if there are fewer than two values.
    """
    from scipy.stats import t

    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"An interval needs two values or more. Received: shape {values.shape}.")
    error = values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(t.ppf(0.975, len(values) - 1) * error)


def draw_learning_curves(ax, sizes, scores, names=None, title=None):
    """Draw accuracy against labels with 95 % intervals: own dash and marker for each method.

    Args:
        ax: the axes.
        sizes: numbers of labels.
        scores: a dict of name -> accuracies (len(sizes), draws), as `learning_curves` returns it.
        names: which of them to draw; None means all. A method looks the same in every figure.
        title: a title.
    """
    names = list(scores) if names is None else list(names)
    for place, name in enumerate(names):
        i = list(scores).index(name)
        means, halves = np.transpose([interval(row) for row in scores[name]])
        shift = 1.04 ** (place - (len(names) - 1) / 2)  # so that no bar hides another
        ax.errorbar(
            np.asarray(sizes) * shift,
            means,
            yerr=halves,
            color=f"C{i}",
            linestyle=DASHES[i % len(DASHES)],
            marker=MARKS[i % len(MARKS)],
            capsize=2,
            linewidth=1.5,
            label=name,
        )
    ax.set(xscale="log", xlabel="labels", ylabel="share of the test set read right")
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    if title:
        ax.set_title(title)
    return ax
