"""Labels under lock: whoever wants one has to say which, and it is written down."""

import operator

import numpy as np


class HiddenLabels:
    """Hand out the labels of single rows and remember which; refuse everything else.

    An evaluation with few labels is worth nothing if another label slips in: into a fit, a choice
    of features, a threshold. So the labels lie in here, and the notebook can count what was taken.

    Args:
        labels: (n,) ints; a negative one means that nobody knows the label of this row.

    Raises:
        ValueError: if the labels are not whole numbers, one a row.

    Example:
        >>> hidden = HiddenLabels(np.array([0, 1, 1, 0, -1]))
        >>> rows, labels = hidden.draw(2, np.random.default_rng(0))
        >>> len(hidden), len(hidden.opened), sorted(labels.tolist())
        (5, 2, [0, 1])
    """

    def __init__(self, labels):
        labels = np.asarray(labels)
        if labels.ndim != 1 or labels.dtype.kind not in "iu":
            raise ValueError(
                "Give one whole number a row, (n,). "
                f"Received: shape {labels.shape}, {labels.dtype}."
            )
        self._labels = labels.astype(np.int64)
        self._open = np.zeros(len(labels), dtype=bool)
        self._handed_out = 0

    def __len__(self):
        return len(self._labels)

    @property
    def opened(self):
        """The rows whose labels were handed out so far, in order, an int array."""
        return np.flatnonzero(self._open)

    @property
    def handed_out(self):
        """How many labels were handed out so far; one that was handed out twice counts twice."""
        return self._handed_out

    def draw(self, n, rng):
        """Draw n rows by chance, each class with its share of the known labels (stratified).

        To stratify takes a look at all labels; the caller sees n of them. It stands for the person
        who labels, who goes on until each kind has its share.

        Args:
            n: number of rows, at least one for each class.
            rng: a `numpy.random.Generator`.

        Returns:
            rows (n,) in random order, and their labels (n,).

        Raises:
            TypeError: if n is no int.
            ValueError: if there are more classes or fewer known labels than that takes.
        """
        n = operator.index(n)
        known = np.flatnonzero(self._labels >= 0)
        classes, counts = np.unique(self._labels[known], return_counts=True)
        if not max(1, len(classes)) <= n <= len(known):
            raise ValueError(
                f"A draw needs at least one row of each of the {len(classes)} classes and at most "
                f"the {len(known)} rows with a label. Received: n = {n}."
            )
        exact = n * counts / counts.sum()
        share = np.maximum(1, np.floor(exact)).astype(int)
        while share.sum() != n:  # the rest goes where most is missing
            step = np.sign(n - share.sum())
            missing = exact - share
            if step < 0:
                missing = np.where(share > 1, share - exact, -n)
            share[np.argmax(missing)] += step
        rows = [
            rng.choice(known[self._labels[known] == label], wanted, replace=False)
            for label, wanted in zip(classes, share, strict=True)
        ]
        rows = rng.permutation(np.concatenate(rows))
        self._open[rows] = True
        self._handed_out += n
        return rows, self._labels[rows]

    def share_right(self, predictions):
        """The share of the known labels that the predictions meet. Hands out no label.

        Args:
            predictions: (len(self),) ints.

        Raises:
            ValueError: if there is another number of them, or no label is known.
        """
        predictions = np.asarray(predictions)
        known = self._labels >= 0
        if predictions.shape != self._labels.shape or not known.any():
            raise ValueError(
                f"Give one prediction for each of the {len(self)} rows, {known.sum()} of them with "
                f"a label. Received: shape {predictions.shape}."
            )
        return float(np.mean(predictions[known] == self._labels[known]))

    def __array__(self, *args, **kwargs):
        raise TypeError(
            "These labels are hidden. Take a few with draw(n, rng), or have predictions judged "
            "with share_right(predictions)."
        )

    def __getitem__(self, rows):
        return self.__array__()

    def __repr__(self):
        return f"<{len(self)} hidden labels, {len(self.opened)} opened>"
