"""Exercises of chapter 8: a threshold, AUROC by hand, a split without a leak, precision at k."""

import numpy as np

from course.exercises.exercise import Exercise

RATES = (0.125, 0.25, 0.5)  # exact in binary: whether 0.1 * 30 is 3 should not matter here


def _scores(rng):
    cases = [_labelled([3.0, 1.0, 4.0, 2.0, 9.0, 8.0], [0, 0, 0, 0, 1, 1], rate=0.25)]
    for n in (12, 21, 40):
        is_anomaly = rng.permutation(np.arange(n) % 4 == 0)
        scores = np.round(rng.gamma(2, 1, size=n) + 2 * is_anomaly, 2)
        cases.append(_labelled(scores, is_anomaly, rate=float(rng.choice(RATES))))
    return cases


def _ranked(rng):
    cases = [_labelled([1.0, 2.0, 3.0, 2.0], [0, 0, 1, 1])]
    for n in (9, 30):
        is_anomaly = rng.permutation(np.arange(n) % 3 == 0)
        scores = rng.integers(0, 6, size=n) / 2 + is_anomaly
        scores[np.flatnonzero(is_anomaly)[0]] = scores[np.flatnonzero(~is_anomaly)[0]]  # a tie
        cases.append(_labelled(scores, is_anomaly))
    return cases


def _labelled(scores, is_anomaly, **more):
    return {"scores": np.array(scores), "is_anomaly": np.array(is_anomaly, dtype=bool), **more}


def _recordings(rng):
    cases = [_windows([1, 1, 2, 2, 3, 3, 4, 4], [0, 1, 0, 0, 0, 0, 0, 1], 0.25)]
    for m, share in ((4, 0.5), (8, 0.25), (9, 0.25)):
        names = np.sort(rng.choice(100, size=m, replace=False))
        recording = rng.permutation(np.repeat(names, rng.integers(2, 6, size=m)))
        is_anomaly = rng.uniform(size=len(recording)) < 0.3
        cases.append(_windows(recording, is_anomaly, share))
    return cases


def _windows(recording, is_anomaly, share):
    return {
        "recording": np.array(recording),
        "is_anomaly": np.array(is_anomaly, dtype=bool),
        "share": share,
    }


def _neighbours(rng):
    cases = [
        {
            "labels": np.array([7, 7, 1, 7]),
            "queries": np.array([0]),
            "neighbours": np.array([[0, 1, 2, 3]]),
            "k": 2,
        }
    ]
    for n, q, k in ((8, 4, 3), (20, 6, 5)):
        labels = rng.integers(0, 3, size=n)
        queries = rng.choice(n, size=q, replace=False)
        rows = []
        for i, query in enumerate(queries):
            others = rng.permutation(np.delete(np.arange(n), query))[: k + 1]
            # A copy of the query lies at distance 0 too, so the query can come second.
            rows.append(np.insert(others, i % 2, query))
        cases.append({"labels": labels, "queries": queries, "neighbours": np.array(rows), "k": k})
    return cases


EXERCISES = (
    Exercise("8.1", "a threshold for a rate of false alarms", 2, _scores),
    Exercise("8.2", "AUROC by hand", 2, _ranked),
    Exercise("8.3", "mend the leaky split", 2, _recordings),
    Exercise("8.4", "precision at k", 2, _neighbours),
)
