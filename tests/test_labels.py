"""course.labels: what is handed out, what is written down, and what is refused."""

import numpy as np
import pytest

from course.labels import HiddenLabels

LABELS = np.array([0] * 50 + [1] * 30 + [2] * 20 + [-1] * 100)


def drawn(n, seed=0, labels=LABELS):
    box = HiddenLabels(labels)
    rows, known = box.draw(n, np.random.default_rng(seed))
    return box, rows, known


@pytest.mark.parametrize("n", [3, 10, 33, 99, 100])
def test_a_draw_is_stratified_and_written_down(n):
    box, rows, known = drawn(n)
    assert len(set(rows.tolist())) == n
    np.testing.assert_array_equal(known, LABELS[rows])
    counts = np.bincount(known, minlength=3)
    assert counts.sum() == n and counts.min() >= 1
    assert np.abs(counts - n * np.array([0.5, 0.3, 0.2])).max() <= 1
    np.testing.assert_array_equal(box.opened, np.sort(rows))


def test_a_rare_class_is_in_each_draw():
    labels = np.array([0] * 1000 + [1] * 2)
    for seed in range(20):
        _, _, known = drawn(5, seed, labels)
        assert np.bincount(known).tolist() == [4, 1]
    # Many rare classes beside a common one: the common one gives way.
    labels = np.array([0] * 1000 + list(range(1, 9)))
    _, _, known = drawn(10, 0, labels)
    assert np.bincount(known).tolist() == [2] + [1] * 8
    # Two common classes give way alike.
    labels = np.array([0] * 1000 + [1] * 1000 + list(range(2, 10)))
    _, _, known = drawn(14, 0, labels)
    assert np.bincount(known).tolist() == [3, 3] + [1] * 8


def test_draws_differ_by_seed_and_only_by_seed():
    assert (drawn(20, 1)[1] == drawn(20, 1)[1]).all()
    assert set(drawn(20, 1)[1].tolist()) != set(drawn(20, 2)[1].tolist())
    taken = np.concatenate([drawn(20, seed)[1] for seed in range(60)])
    assert len(set(taken.tolist())) == 100, "some rows are never drawn"
    # Rows come in random order: a fit on the first half of them sees every class.
    assert len(set(drawn(60)[2][:20].tolist())) == 3


def test_unknown_labels_are_never_handed_out():
    _, rows, known = drawn(100)
    assert rows.max() < 100 and known.min() == 0


def test_what_was_handed_out_is_a_copy():
    box, _, known = drawn(10)
    known[:] = 99
    assert box.share_right(LABELS) == 1.0


def test_the_box_keeps_its_own_labels():
    labels = LABELS.copy()
    box = HiddenLabels(labels)
    labels[:] = 99
    assert box.share_right(LABELS) == 1.0


@pytest.mark.parametrize(
    "look",
    [
        np.asarray,
        list,
        sum,
        sorted,
        lambda box: box[0],
        lambda box: box[:5],
        lambda box: box == 1,
        lambda box: np.mean(box),
        lambda box: 1 in box,
        lambda box: [label for label in box],
        lambda box: dict(zip(range(3), box, strict=False)),
    ],
)
def test_there_is_no_other_way_to_a_label(look):
    box = HiddenLabels(LABELS)
    try:
        seen = look(box)
    except TypeError:
        seen = False
    assert np.ndim(seen) == 0 and not seen
    assert len(box.opened) == 0


def test_estimators_cannot_be_fitted_on_the_box():
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(TypeError, match="hidden"):
        LogisticRegression().fit(np.zeros((200, 2)), HiddenLabels(LABELS))


def test_answers_are_scored_without_opening_a_label():
    box = HiddenLabels(LABELS)
    guess = np.where(LABELS == 2, 0, LABELS)
    assert box.share_right(guess) == pytest.approx(0.8)
    guess[100:] = 0  # rows that nobody knows do not count
    assert box.share_right(guess) == pytest.approx(0.8)
    assert len(box.opened) == 0
    with pytest.raises(ValueError, match=r"each of the 200 rows, 100 of them.*shape \(100,\)"):
        box.share_right(guess[:100])
    with pytest.raises(ValueError, match="each of the 2 rows, 0 of them with a label"):
        HiddenLabels(np.array([-1, -1])).share_right(np.array([0, 0]))


def test_a_label_that_is_handed_out_twice_counts_twice():
    box, rows, _ = drawn(10)
    assert box.handed_out == len(box.opened) == 10
    assert (box.draw(10, np.random.default_rng(0))[0] == rows).all()
    assert box.handed_out == 20 and len(box.opened) == 10


def test_it_says_how_many_are_open_and_shows_none():
    box, _, _ = drawn(10)
    assert repr(box) == "<200 hidden labels, 10 opened>"


@pytest.mark.parametrize("n", [0, 2, 101, -1])
def test_a_draw_that_cannot_be_is_refused(n):
    with pytest.raises(ValueError, match=rf"3 classes and at most the 100 rows.*n = {n}"):
        HiddenLabels(LABELS).draw(n, np.random.default_rng(0))
    with pytest.raises(ValueError, match="at most the 0 rows"):
        HiddenLabels(np.array([-1, -1])).draw(1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="at most the 0 rows"):
        HiddenLabels(np.array([-1, -1])).draw(0, np.random.default_rng(0))


def test_half_a_row_is_refused():
    with pytest.raises(TypeError, match="integer"):
        HiddenLabels(LABELS).draw(3.5, np.random.default_rng(0))


@pytest.mark.parametrize("labels", [np.eye(3, dtype=int), np.array([0.5, 1]), np.array(["a", "b"])])
def test_what_are_no_labels_is_refused(labels):
    with pytest.raises(ValueError, match="one whole number a row"):
        HiddenLabels(labels)
