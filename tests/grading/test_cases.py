"""course.grading.cases: secret, the same for everybody, and not what students have seen."""

import os
import stat

import numpy as np
import pytest

from course.exercises import public
from course.exercises.exercise import of_chapter
from course.grading import cases

SLUG = "ch02_how_many_latents"  # its imports were needed by other tests of this process


def same(a, b):
    """Whether two cases ask the same."""
    return a.arguments.keys() == b.arguments.keys() and all(
        np.array_equal(np.asarray(a.arguments[k]), np.asarray(b.arguments[k])) for k in a.arguments
    )


def test_a_new_seed_is_secret_and_stays(tmp_path):
    path = tmp_path / "seed.txt"
    seed = cases.read_or_make_seed(path)
    assert len(seed) >= 2 * cases.SEED_BYTES and cases.read_or_make_seed(path) == seed
    assert cases.read_or_make_seed(tmp_path / "other.txt") != seed
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "  \n", "short"])
def test_a_seed_that_can_be_guessed_is_refused(tmp_path, text):
    path = tmp_path / "seed.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(cases.SeedError, match="secret of 8 characters"):
        cases.read_or_make_seed(path)


def test_a_seed_written_by_hand_may_have_a_mark_and_a_line_feed(tmp_path):
    path = tmp_path / "seed.txt"
    path.write_text("\ufeffa long secret\n", encoding="utf-8")
    assert cases.read_or_make_seed(path) == "a long secret"


def test_one_seed_one_set_of_cases():
    packed = cases.hidden_cases(SLUG, "one")
    assert packed == cases.hidden_cases(SLUG, "one")
    one, two = cases.unpack(packed), cases.unpack(cases.hidden_cases(SLUG, "two"))
    for exercise_id, mine in one.items():
        assert not all(any(same(a, b) for b in two[exercise_id]) for a in mine), exercise_id


def test_each_case_comes_once_and_the_fixed_ones_are_there():
    hidden = cases.unpack(cases.hidden_cases(SLUG, "one"))
    assert set(hidden) == {e.id for e in of_chapter(2)}
    for exercise_id, mine in hidden.items():
        known = public.load(exercise_id)
        assert len(mine) > len(known)
        for i, case in enumerate(mine):
            assert not any(same(case, other) for other in mine[:i]), exercise_id
        assert any(same(case, known[0]) for case in mine), exercise_id


def test_the_order_is_not_that_of_the_public_cases():
    orders = []
    for seed in "abcd":
        for exercise_id, mine in cases.unpack(cases.hidden_cases(SLUG, seed)).items():
            known = public.load(exercise_id)
            orders.append([i for c in mine for i, k in enumerate(known) if same(c, k)])
    assert any(order != sorted(order) for order in orders)


def test_every_chapter_asks_more_than_the_public_cases_do():
    """A table of public values must not be enough; each exercise must draw."""
    for slug in cases.chapters_with_exercises():
        for exercise in of_chapter(int(slug[2:4])):
            if exercise.personal:
                continue
            drawn = [exercise.cases(np.random.default_rng(seed)) for seed in range(8)]
            different = {repr(case) for some in drawn for case in some}
            assert len(different) > len(drawn[0]), exercise.id


def test_chapters_without_exercises_are_left_out():
    slugs = cases.chapters_with_exercises()
    assert "ch00_start_here" not in slugs and SLUG in slugs
    assert cases.chapters_with_exercises(["2"]) == [SLUG]
