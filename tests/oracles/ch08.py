"""Chapter 8 computed another way: by trying every threshold, row by row."""

import itertools
import math

import numpy as np


def smallest_threshold(scores, is_anomaly, rate):
    normal = [float(s) for s, odd in zip(scores, is_anomaly, strict=True) if not odd]
    fits = [t for t in normal if sum(s > t for s in normal) <= rate * len(normal)]
    return min(fits)


def area_by_trapezoids(scores, is_anomaly):
    """The area under the ROC, threshold by threshold; a tie is a slope."""
    scores, is_anomaly = scores.tolist(), is_anomaly.tolist()
    corners = [(0.0, 0.0)]
    for t in sorted(set(scores), reverse=True):
        flagged = [odd for s, odd in zip(scores, is_anomaly, strict=True) if s >= t]
        hits = sum(flagged)
        corners.append((len(flagged) - hits, hits))
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in itertools.pairwise(corners))
    return area / corners[-1][0] / corners[-1][1]


def split_by_recording(recording, is_anomaly, share):
    names = sorted(set(recording.tolist()))
    kept_back = set(names[len(names) - math.ceil(share * len(names)) :])
    answer = []
    for name, odd in zip(recording.tolist(), is_anomaly.tolist(), strict=True):
        answer.append("neither" if odd else "validation" if name in kept_back else "training")
    return np.array(answer)


def precision_row_by_row(labels, queries, neighbours, k):
    shares = []
    for query, row in zip(queries.tolist(), neighbours.tolist(), strict=True):
        row.remove(query)
        shares.append(sum(labels[r] == labels[query] for r in row[:k]) / k)
    return math.fsum(shares) / len(shares)


ORACLES = {
    "8.1": smallest_threshold,
    "8.2": area_by_trapezoids,
    "8.3": split_by_recording,
    "8.4": precision_row_by_row,
}
