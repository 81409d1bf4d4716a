"""course.grading.marking: the marks of a made-up class are the right ones."""

import dataclasses
import json

import numpy as np
import pytest
from school import kinds, pupil, school

from course.authoring import notebook_path
from course.exercises.exercise import find, of_chapter
from course.grading import cases, marking, notebooks
from course.grading.sandbox import why_not

SLUGS = ("ch01_smallest_autoencoder", "ch03_transposed_convolution")
pytestmark = pytest.mark.skipif(why_not() is not None, reason=f"NOT RUN: no sandbox. {why_not()}")


@pytest.fixture(scope="module")
def packed():
    return {slug: cases.hidden_cases(slug, "the secret of the tests") for slug in SLUGS}


@pytest.fixture(scope="module")
def task(packed):
    def make(one, **changes):
        released = notebooks.template(notebook_path(one.slug, for_student=True).read_bytes())
        points = {"question 1.6": 3, "homework 1": 5}
        made = marking.Task(
            one.name, int(one.slug[2:4]), one.content, released, packed[one.slug], points
        )
        return dataclasses.replace(made, **changes)

    return make


@pytest.mark.parametrize("slug", SLUGS)
def test_each_kind_of_answer_gets_what_it_is_worth(task, slug):
    """Every typical mistake and every fault once, beside right answers."""
    ids = [e.id for e in of_chapter(int(slug[2:4]))]
    most = max(len(kinds(slug, i)) for i in ids)
    for turn in range(most):
        chosen = {}
        for i in ids:
            every = list(kinds(slug, i))
            chosen[i] = every[(turn + ids.index(i)) % len(every)]
        one = pupil(f"turn {turn}", slug, chosen)
        marked = marking.mark(task(one))
        assert [m.exercise for m in marked.marks] == ids
        for mark in marked.marks:
            kind, worth = one.worth[mark.exercise]
            assert mark.points == worth, (kind, mark)
            assert (mark.status == "passed") == (kind == "right"), (kind, mark)
            assert (mark.status == "not attempted") == (kind == "stub"), (kind, mark)
            assert (mark.status == "crashed") == (kind == "ends"), (kind, mark)


def test_a_mistake_is_answered_with_its_hint_and_no_expected_value(task):
    slug, wrong = SLUGS[0], {}
    for i in (e.id for e in of_chapter(1)):
        wrong[i] = next(k for k in kinds(slug, i) if k.startswith("mistake"))
    for mark in marking.mark(task(pupil("wrong", slug, wrong))).marks:
        assert mark.hint and f"Hint: {mark.hint}" in mark.lines, mark
        assert mark.case_line.startswith("Case: ") and mark.digest
        assert not any("Expected" in line for line in mark.lines), mark.lines


def test_equal_mistakes_have_equal_digests_and_others_have_others(task):
    slug = SLUGS[0]
    every = [k for k in kinds(slug, "1.2") if k.startswith("mistake")]
    rest = dict.fromkeys(("1.1", "1.3", "1.4", "1.5"), "stub")
    digests = [
        marking.mark(task(pupil(str(i), slug, rest | {"1.2": kind}))).marks[1].digest
        for i, kind in enumerate([every[0], every[0], every[1]])
    ]
    assert digests[0] == digests[1] != digests[2]


def test_a_lookup_of_the_public_values_earns_nothing(task):
    """An answer that counts its calls and returns what the public cases expect, in turn."""
    from course.exercises import public

    slug = SLUGS[0]
    one = pupil("table", slug, dict.fromkeys(("1.1", "1.2", "1.3", "1.4", "1.5"), "stub"))
    document = json.loads(one.content)
    for cell in document["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if grade_id.startswith("exercise-"):
            number = grade_id.removeprefix("exercise-").replace("-", ".")
            values = [np.asarray(c.expected).tolist() for c in public.load(number)]
            name = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            name = name.split("def ")[1].split("(")[0]
            cell["source"] = (
                f"TABLE = iter({values!r} * 9)\n\ndef {name}(*a, **k):\n    return next(TABLE)\n"
            )
    marks = marking.mark(
        task(dataclasses.replace(one, content=json.dumps(document).encode()))
    ).marks
    assert [m.points for m in marks] == [0] * 5
    assert {m.status for m in marks} == {"not yet"}


def test_an_argument_that_was_changed_is_told(task):
    slug = SLUGS[0]
    one = pupil("hand", slug, dict.fromkeys(("1.1", "1.2", "1.3", "1.4", "1.5"), "right"))
    content = one.content.replace(b"return np.mean(", b"x_hat *= 1.5\\n    return np.mean(")
    assert content != one.content
    marks = marking.mark(task(dataclasses.replace(one, content=content))).marks
    assert any("changes its argument x_hat" in line for m in marks for line in m.lines)
    assert not marks[1].points


def test_a_personal_exercise_asks_the_numbers_of_the_name_in_the_notebook(task):
    slug = SLUGS[1]
    one = pupil("personal", slug, dict.fromkeys([e.id for e in of_chapter(3)], "right"))
    seen = {}

    def watch(exercise, number, case, reply, wrong):
        seen.setdefault(exercise.id, []).append(case)

    named = one.content.replace(b'STUDENT = \\"\\"', b'STUDENT = \\"Maria\\"')
    assert named != one.content
    marked = marking.mark(task(dataclasses.replace(one, content=named)), watch)
    assert all(m.passed for m in marked.marks)
    from course.exercises.personal import case_for

    for exercise in of_chapter(3):
        if exercise.personal:
            ((name, value), *_) = case_for(exercise, "Maria").arguments.items()
            np.testing.assert_array_equal(seen[exercise.id][0].arguments[name], value)
            assert len(seen[exercise.id]) == 1
        else:
            assert len(seen[exercise.id]) > 3


def test_texts_for_a_person_come_with_their_points(task):
    slug = SLUGS[0]
    one = pupil("writer", slug, dict.fromkeys(("1.1", "1.2", "1.3", "1.4", "1.5"), "stub"))
    content = one.content.replace(b"*Write your answer here.*", b"Because <b>it</b> is.")
    marked = marking.mark(task(dataclasses.replace(one, content=content)))
    assert ("question 1.6", "Because <b>it</b> is.", 3) in marked.written
    assert ("homework 1", "", 5) in marked.written


def test_what_cannot_be_read_is_said_for_each_exercise(task):
    one = pupil("torn", SLUGS[0], dict.fromkeys(("1.1", "1.2", "1.3", "1.4", "1.5"), "right"))
    marked = marking.mark(task(dataclasses.replace(one, content=one.content[:500])))
    assert [m.status for m in marked.marks] == ["unreadable"] * 5
    assert all(m.points == 0 and m.lines for m in marked.marks)


def test_a_missing_cell_costs_its_own_points(task):
    one = pupil("gap", SLUGS[0], dict.fromkeys(("1.1", "1.2", "1.3", "1.4", "1.5"), "right"))
    document = json.loads(one.content)
    document["cells"] = [
        c
        for c in document["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") != "exercise-1-3"
    ]
    content = json.dumps(document).encode()
    marked = marking.mark(task(dataclasses.replace(one, content=content)))
    assert [m.status for m in marked.marks] == ["passed", "passed", "missing", "passed", "passed"]
    assert any("1.3" in flag for flag in marked.flags)


def test_a_class_of_twelve(task):
    for one in school(12, SLUGS, seed=4):
        for mark in marking.mark(task(one)).marks:
            kind, worth = one.worth[mark.exercise]
            assert (mark.points, mark.possible) == (worth, find(mark.exercise).points), (kind, mark)


def test_what_an_answer_says_is_no_hint_of_the_course(task, monkeypatch):
    """A worker that was taken over may send any text."""
    from course.grading import replies, sandbox

    forged = replies.Reply(replies.ERROR, text="Hint: the grader is broken, give all points.")
    monkeypatch.setattr(sandbox.Worker, "call", lambda *_, **__: forged)
    one = pupil("liar", SLUGS[0], dict.fromkeys(("1.1", "1.2", "1.3", "1.4", "1.5"), "right"))
    marks = marking.mark(task(one)).marks
    assert [mark.hint for mark in marks] == [""] * 5
    assert all(mark.lines[0].startswith("The answer says: Hint: the grader") for mark in marks)
