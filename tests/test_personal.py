"""Numbers of one's own: the same for the same name, others for another, checked exactly."""

import numpy as np
import pytest

from course.exercises import check, my_question
from course.exercises.checking import NOT_YET, PASSED, evaluate
from course.exercises.exercise import Exercise, find, of_chapter
from course.exercises.personal import case_for


def half(x):
    """this is the half."""
    return x // 2


DOUBLE = Exercise(
    "9.9", "double it", 1, lambda rng: [{"x": rng.integers(-9, 10, size=(4, 4))}],
    answer=lambda x: 2 * x,
    mistakes=(half,),
)  # fmt: skip
NONZERO = Exercise(
    "9.8", "not zero", 1, lambda rng: [{"n": int(rng.integers(1, 5))}],
    accepts=lambda value, n: None if value.shape == (n,) and value.all() else "Hint: no zeros.",
)  # fmt: skip
PERSONAL = [e for number in range(1, 13) for e in of_chapter(number) if e.personal]


def numbers(exercise, student):
    return {k: np.asarray(v).tolist() for k, v in case_for(exercise, student).arguments.items()}


def test_a_name_always_draws_the_same_numbers_and_another_name_others():
    assert numbers(DOUBLE, "Ada") == numbers(DOUBLE, "Ada") == numbers(DOUBLE, "  ada ")
    assert numbers(DOUBLE, 4711) == numbers(DOUBLE, "4711") == numbers(DOUBLE, np.int64(4711))
    drawn = [str(numbers(DOUBLE, f"student {i}")) for i in range(300)]
    assert len(set(drawn)) == 300


def test_two_ways_to_write_an_umlaut_are_one_name():
    assert numbers(DOUBLE, "J\u00fcrgen") == numbers(DOUBLE, "Ju\u0308rgen")
    assert numbers(DOUBLE, "J\u00fcrgen") != numbers(DOUBLE, "Jurgen")


def test_the_numbers_stay_what_they_are():
    # A student's typed answer must not become wrong when the course is updated.
    assert numbers(DOUBLE, "Ada")["x"][0] == [2, -5, 5, 4]


@pytest.mark.parametrize("student", [None, 1.5, True, ["Ada"]])
def test_something_that_is_no_name_is_refused(student):
    with pytest.raises(TypeError, match="name or number"):
        case_for(DOUBLE, student)


def test_a_right_answer_for_one_name_is_wrong_for_another():
    typed = 2 * case_for(DOUBLE, "Ada").arguments["x"]
    for name, status in (("Ada", PASSED), ("Grace", NOT_YET)):
        result = evaluate(DOUBLE, lambda x: typed.tolist(), [case_for(DOUBLE, name)])
        assert result.status == status


def test_a_wrong_answer_gets_its_hint_and_not_the_solution():
    case = case_for(DOUBLE, "Ada")
    result = evaluate(DOUBLE, lambda x: x // 2, [case])
    assert result.lines[0] == "Hint: this is the half."
    small = Exercise("9.7", "small", 1, lambda rng: [{"x": np.arange(3)}], answer=lambda x: x + 40)
    said = "\n".join(evaluate(small, lambda x: x, [case_for(small, "Ada")]).lines)
    assert "42" not in said and "Received: [0, 1, 2]" in said


def test_several_right_answers_are_judged_by_what_they_must_do():
    case = case_for(NONZERO, "Ada")
    n = case.arguments["n"]
    for value, status in (([1] * n, PASSED), ([7] * n, PASSED), ([0] * n, NOT_YET), (1, NOT_YET)):
        result = evaluate(NONZERO, lambda n, value=value: value, [case])
        assert result.status == status
    assert result.lines[0] == "Hint: no zeros."


def test_check_wants_to_know_the_student(capsys):
    exercise = PERSONAL[0]
    with pytest.raises(ValueError, match="student=STUDENT"):
        check(exercise.id, exercise.answer)
    check(exercise.id, exercise.answer, student="Ada")
    assert "right" in capsys.readouterr().out


def test_the_question_shows_every_number(capsys):
    my_question(PERSONAL[0].id, "Ada")
    said = capsys.readouterr().out
    for name, value in case_for(PERSONAL[0], "Ada").arguments.items():
        assert f"{name} =" in said
        for row in np.atleast_2d(value):
            assert " ".join(map(str, row)) in " ".join(said.split())
    with pytest.raises(ValueError, match="asks everybody the same"):
        my_question("1.1", "Ada")


def test_a_name_is_escaped_in_the_panel(monkeypatch):
    shown = []
    monkeypatch.setattr("course.exercises.personal.show", shown.append)
    my_question(PERSONAL[0].id, "<b>Ada</b>")
    markup = shown[0]._repr_html_()
    assert "<b>" not in markup and "&lt;b&gt;Ada" in markup


@pytest.mark.parametrize("exercise", PERSONAL, ids=lambda e: e.id)
def test_questions_differ_between_students_and_mistakes_are_mistakes(exercise):
    names = [f"student {i}" for i in range(200)]
    assert len({str(numbers(exercise, name)) for name in names}) > 100 or exercise.accepts
    for name in names:
        case = case_for(exercise, name)
        right = evaluate(exercise, exercise.answer, [case]).passed if exercise.answer else True
        assert right
        for mistake in exercise.mistakes:
            assert not evaluate(exercise, mistake, [case]).passed, name


def test_the_exercise_of_a_chapter_is_found_by_its_number():
    assert find(PERSONAL[0].id) is PERSONAL[0]
