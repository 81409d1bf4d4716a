"""course.grading.cases: secret, the same for everybody, and not what students have seen."""

import os
import stat

import numpy as np
import pytest

from course.exercises import public
from course.exercises.comparing import faults
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


def exact(arguments):
    return tuple((a.shape, a.tobytes()) for a in map(np.asarray, arguments.values()))


def glances():
    """What an answer may look at without having understood anything: name -> key of arguments."""
    found = {
        "nothing": lambda arguments: 0,
        "shapes": lambda arguments: tuple(np.shape(a) for a in arguments.values()),
        "shapes and plain numbers": lambda arguments: tuple(
            np.shape(a) or np.asarray(a).item() for a in arguments.values()
        ),
    }
    for place in range(4):

        def one(arguments, place=place):
            return exact(dict(list(arguments.items())[place : place + 1]))

        def shape(arguments, place=place):
            return [np.shape(a) for a in arguments.values()][place : place + 1]

        found[f"argument {place}"] = one
        found[f"shape of argument {place}"] = lambda a, shape=shape: tuple(shape(a))
    return found


@pytest.mark.parametrize("slug", cases.chapters_with_exercises())
def test_a_table_of_the_public_values_earns_nothing(slug):
    """By the very arguments, else by whatever a glance at them tells."""
    hidden = cases.unpack(cases.hidden_cases(slug, "a secret"))
    for exercise in of_chapter(int(slug[2:4])):
        if exercise.personal:
            continue
        known = public.load(exercise.id)
        table = {exact(case.arguments): case.expected for case in known}
        for name, glance in glances().items():
            rough = {glance(case.arguments): case.expected for case in known}

            def looked_up(case, glance=glance, table=table, rough=rough):
                key = exact(case.arguments)
                return table[key] if key in table else rough.get(glance(case.arguments))

            def right(case, exercise=exercise, looked_up=looked_up):
                value = looked_up(case)
                return value is not None and not faults(exercise, case, np.asarray(value))

            assert not all(map(right, hidden[exercise.id])), (exercise.id, name)


def test_chapters_without_exercises_are_left_out():
    slugs = cases.chapters_with_exercises()
    assert "ch00_start_here" not in slugs and SLUG in slugs
    assert cases.chapters_with_exercises(["2"]) == [SLUG]


def test_a_seed_that_is_no_text(tmp_path):
    (tmp_path / "seed.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(cases.SeedError):
        cases.read_or_make_seed(tmp_path / "seed.txt")
