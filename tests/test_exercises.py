"""All exercises against independent oracles, and every way in which an answer can go wrong."""

import contextlib
import importlib
import signal
import time
import types

import numpy as np
import pytest

from course import answers, authoring
from course.exercises import Exercise, attempt, check, public
from course.exercises.checking import NOT_ATTEMPTED, NOT_YET, PASSED, evaluate
from course.exercises.comparing import close, faults
from course.exercises.exercise import find, of_chapter
from course.exercises.panel import result_panel
from course.exercises.personal import case_for
from course.exercises.time_limit import TimeIsUp, time_limit

SLUGS = authoring.chapter_slugs()


@pytest.fixture(scope="module")
def chapters():
    return {slug: authoring.read_chapter(slug) for slug in SLUGS}


def all_exercises():
    return [(slug, exercise) for slug in SLUGS for exercise in of_chapter(int(slug[2:4]))]


EXERCISES = all_exercises()
IDS = [exercise.id for _, exercise in EXERCISES]


ORACLES = {}
for slug in SLUGS:
    if of_chapter(int(slug[2:4])):
        ORACLES |= importlib.import_module(f"oracles.{slug[:4]}").ORACLES


def test_every_exercise_has_an_oracle():
    assert sorted(ORACLES) == sorted(IDS)


@pytest.mark.parametrize(("slug", "exercise"), EXERCISES, ids=IDS)
def test_the_reference_agrees_with_the_oracle_on_fresh_cases(chapters, slug, exercise):
    answer = answers.reference(chapters[slug], exercise.id)
    for seed in range(20):
        for arguments in exercise.cases(np.random.default_rng(seed)):
            if exercise.accepts:  # more than one answer is right: the oracle says whether it is
                assert ORACLES[exercise.id](answer(**arguments), **arguments)
                continue
            expected = ORACLES[exercise.id](**arguments)
            assert close(exercise, answer(**arguments), np.asarray(expected)), arguments


@pytest.mark.parametrize(("slug", "exercise"), EXERCISES, ids=IDS)
def test_the_reference_passes_and_the_oracle_passes(chapters, slug, exercise):
    assert evaluate(exercise, answers.reference(chapters[slug], exercise.id)).status == PASSED
    if not exercise.accepts:
        assert evaluate(exercise, ORACLES[exercise.id]).status == PASSED


@pytest.mark.parametrize(("slug", "exercise"), EXERCISES, ids=IDS)
def test_each_mistake_is_rejected_with_its_own_hint(chapters, slug, exercise):
    mistakes = answers.mistakes(chapters[slug], exercise.id)
    assert len(mistakes) >= 2, "a check should know at least two typical mistakes"
    for hint, mistake in mistakes.items():
        result = evaluate(exercise, mistake)
        assert result.status == NOT_YET, hint
        assert f"Hint: {hint}" in result.lines
        if exercise.accepts:
            for arguments in exercise.cases(np.random.default_rng(0)):
                assert not ORACLES[exercise.id](mistake(**arguments), **arguments)


@pytest.mark.parametrize(("slug", "exercise"), EXERCISES, ids=IDS)
def test_the_stub_that_students_get_is_not_attempted(chapters, slug, exercise):
    source = authoring.stub(
        chapters[slug].source_of("exercise", exercise.id), exercise.id, exercise.title
    )
    namespace = {"np": np}
    exec(source, namespace)
    function = [v for k, v in namespace.items() if k not in ("np", "__builtins__")][-1]
    assert evaluate(exercise, function).status == NOT_ATTEMPTED


def one_case(arguments, expected, **settings):
    exercise = Exercise("9.9", "a test", 1, lambda rng: [arguments], **settings)
    return exercise, [public.Case(arguments, np.asarray(expected))]


def verdict(answer, arguments, expected, **settings):
    exercise, cases = one_case(arguments, expected, **settings)
    return evaluate(exercise, answer, cases)


X = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: x[:2], "shape is (2,), expected (3,)"),
        (lambda x: x * np.nan, "3 of 3 values are NaN"),
        (lambda x: x / 0, "infinite"),
        (lambda x: None, "is a `return` missing?"),
        (lambda x: {"a": 1}, "Return a number"),
        (lambda x: [x, "text", None], "Return a number"),
        (lambda x: x + 1, "3 of 3 values differ"),
        (lambda x: ["a", "b", "c"], "differ"),
        (lambda x: 1 / int(0 * x[0]), "ZeroDivisionError"),
        (lambda x: x + "a", "Error"),
        (lambda x: exit(), "SystemExit"),
        (lambda x: x.sort() or x.__setitem__(0, 9) or x, "changes its argument x"),
    ],
)
def test_a_wrong_answer_gets_its_word(answer, words):
    result = verdict(answer, {"x": X.copy()}, X)
    assert result.status == NOT_YET
    assert words in "\n".join(result.lines)


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError

    __repr__ = __str__


class Quits:
    def __array__(self, *args, **settings):
        raise SystemExit


def raise_(error):
    raise error


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: raise_(Unprintable()), "raised Unprintable: <Unprintable that cannot be"),
        (lambda x: raise_(ValueError("\ud800")), "ValueError: ?"),
        (lambda x: raise_(AssertionError()), "raised AssertionError\n"),
        (lambda x: Unprintable(), "<Unprintable that cannot be printed>"),
        (lambda x: Quits(), "SystemExit"),
        (lambda x: 10**5000, "<int that cannot be printed>"),
        (lambda x: nested(100_000), "<list that cannot be printed>"),
        (lambda x: range(10**9), "1,000,000,000 values"),
        (lambda x: np.broadcast_to(1.0, 10**12), "shape is (1000000000000,)"),
        (lambda x: raise_(NotImplementedError("my own")), "Case: x = [1., 2., 3.]"),
        (lambda x, y, z: x, "takes (x, y, z), expected (x)"),
        (Unprintable(), "Expected the function itself"),
    ],
)
def test_an_odd_answer_gets_a_word_and_no_traceback_of_ours(answer, words):
    result = verdict(answer, {"x": X.copy()}, X)
    assert result.status == NOT_YET
    assert words in "\n".join(result.lines)
    str(result_panel(result)).encode()


def test_parameters_go_by_name_and_if_renamed_by_place():
    arguments = {"x": 3, "x_hat": 5}
    for answer in (
        lambda x, x_hat: x_hat - x,
        lambda x_hat, x: x_hat - x,
        lambda a, b: b - a,
        lambda x, xhat: xhat - x,
        lambda **both: both["x_hat"] - both["x"],
        lambda *both: both[1] - both[0],
    ):
        assert verdict(answer, arguments, 2).status == PASSED
    assert verdict(np.subtract, arguments, -2).status == PASSED


def test_an_expected_number_reads_as_a_number():
    assert "Expected: 1. Received: 2." in verdict(lambda n: 2.0, {"n": 1}, 1.0).lines[-1]


def test_a_changed_argument_is_noticed_even_if_the_value_is_right():
    def in_place(x):
        x *= 2
        return x

    assert "changes its argument" in verdict(in_place, {"x": X}, 2 * X).lines[0]
    np.testing.assert_array_equal(X, [1, 2, 3])


def test_an_endless_loop_and_a_long_sleep_are_stopped():
    def loop(x):
        while True:
            with contextlib.suppress(Exception):
                x[0] += 1

    for answer in (loop, lambda x: time.sleep(60)):
        start = time.monotonic()
        result = verdict(answer, {"x": X}, X, seconds=0.3)
        assert time.monotonic() - start < 10
        assert "No answer after 0.3 seconds" in result.lines[0]


def test_the_interrupt_form_of_the_time_limit_stops_a_loop(monkeypatch):
    monkeypatch.delattr("signal.setitimer")  # as on Windows
    with pytest.raises(TimeIsUp), time_limit(0.3):
        while True:
            time.sleep(0.01)


def test_a_time_limit_leaves_no_alarm_behind():
    with time_limit(0.2):
        pass
    time.sleep(0.3)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="a system without timer signals")
def test_an_alarm_that_rings_while_it_is_taken_away_is_no_longer_heard(monkeypatch):
    before = signal.getsignal(signal.SIGALRM)
    alarm = time_limit(60)
    set_timer = signal.setitimer

    def late(*settings):
        signal.raise_signal(signal.SIGALRM)
        set_timer(*settings)

    with alarm:
        # CPython runs the handler in the frame of __exit__, before the timer is off.
        monkeypatch.setattr(signal, "setitimer", types.FunctionType(
            late.__code__.replace(co_filename=alarm.__exit__.__code__.co_filename),
            globals(), closure=late.__closure__,
        ))  # fmt: skip
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_ctrl_c_is_not_swallowed():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verdict(interrupted, {"x": X}, X)


def test_the_traceback_shows_the_answer_and_not_the_checker():
    def helper(x):
        return x["no such key"]

    def answer(x):
        return helper(x)

    result = verdict(answer, {"x": 3}, 3)
    assert 'return x["no such key"]' in result.code
    names = [line.partition(":")[0].split()[-1] for line in result.code.splitlines()]
    assert names == ["answer", "helper"]


def test_another_notimplementederror_is_an_error_not_a_stub():
    def answer(x):
        raise NotImplementedError("my own")

    assert verdict(answer, {"x": 1}, 1).status == NOT_YET


def test_equal_values_of_another_numeric_type_are_right():
    assert verdict(lambda n: np.int32(n + 1), {"n": 1}, 2).status == PASSED
    assert verdict(lambda n: 2.0, {"n": 1}, 2).status == PASSED
    assert verdict(lambda n: [1, 2], {"n": 1}, np.array([1.0, 2.0])).status == PASSED


def test_tolerance_is_tight_for_floats_and_exact_for_ints():
    assert verdict(lambda n: 1.0 + 1e-6, {"n": 1}, 1.0).status == PASSED
    assert verdict(lambda n: 1.0 + 1e-3, {"n": 1}, 1.0).status == NOT_YET
    assert verdict(lambda n: 1.0 + 1e-9, {"n": 1}, 1).status == NOT_YET


def test_a_value_instead_of_the_function_is_explained():
    assert "without calling it" in evaluate(find("1.1"), 50_992).lines[1]


@pytest.mark.parametrize("unknown", ["1.99", "77.1", "1", "", 1.2, None])
def test_an_unknown_exercise_is_named(unknown):
    with pytest.raises(ValueError, match="There is no exercise"):
        check(unknown, len)


def test_missing_cases_say_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(public, "FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match="python -m course release"):
        evaluate(find("1.1"), len)


def test_cases_survive_the_file(monkeypatch, tmp_path):
    monkeypatch.setattr(public, "FOLDER", tmp_path)
    arguments = {"n": 3, "f": 0.5, "word": "a b", "x": np.arange(6.0).reshape(2, 3)}
    case = public.Case(arguments, np.array(["mse"]), {"a hint": np.array(1.5)})
    made = public.pack({"1.1": [case, case]})
    assert made == public.pack({"1.1": [case, case]})
    public.path_of(1).write_bytes(made)
    back = public.load("1.1")
    assert len(back) == 2
    assert back[0].mistakes == {"a hint": np.array(1.5)}
    assert {k: type(v) for k, v in back[0].arguments.items()} == {
        "n": int, "f": float, "word": str, "x": np.ndarray,
    }  # fmt: skip
    np.testing.assert_array_equal(back[0].arguments["x"], arguments["x"])
    with pytest.raises(TypeError, match="Python objects"):
        public.pack({"1.1": [public.Case({"x": None}, np.array(1))]})


def test_the_public_cases_are_small():
    for path in public.FOLDER.glob("*.npz"):
        assert path.stat().st_size < 100_000


def test_check_prints_text_in_a_terminal(capsys):
    check("1.1", lambda inputs, latent: 0)
    out = capsys.readouterr().out
    assert out.startswith("✗ Exercise 1.1, 1 point: not yet")
    assert "<" not in out


def test_attempt_hands_back_the_value_and_shows_a_stub(capsys):
    assert attempt("Homework 1", lambda a, b: a + b, 1, 2) == 3

    def todo():
        raise NotImplementedError("Homework 1: do it")

    assert attempt("Homework 1", todo) is None
    assert "Homework 1: not attempted yet" in capsys.readouterr().out


def test_a_panel_escapes_what_the_answer_says():
    def answer(x):
        raise ValueError("<script>alert(1)</script>")

    markup = result_panel(verdict(answer, {"x": 1}, 1))._repr_html_()
    assert "<script>" not in markup and "&lt;script&gt;" in markup
    assert 'role="status"' in markup


def test_a_bad_description_is_refused():
    with pytest.raises(ValueError, match=r"chapter\.number"):
        Exercise("1", "x", 1, list)
    with pytest.raises(ValueError, match="points"):
        Exercise("1.1", "x", 0, list)


@pytest.mark.parametrize(("answer", "raises"), [(lambda inputs, latent: 0, True), (None, False)])
def test_under_nbgrader_a_wrong_answer_fails_its_cell(monkeypatch, capsys, answer, raises):
    """nbgrader gives a cell its points unless it fails; elsewhere a check never fails."""
    right = answer or (lambda inputs, latent: 2 * inputs * latent + inputs + latent)
    check("1.1", right)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    if raises:
        with pytest.raises(AssertionError, match=r"Exercise 1\.1: not yet"):
            check("1.1", right)
    else:
        check("1.1", right)
    assert capsys.readouterr().out


@pytest.mark.parametrize("size", [1.7e308, 1e200, 1.0, 1e-300, 5e-324])
def test_a_picture_of_3_5_is_judged_at_any_size(size):
    """Numbers that overflow when they are added must not count as zero."""
    exercise = find("3.5")
    for case in (case_for(exercise, name) for name in ("Ada", "Bo", "Cy", "Di")):
        wrong = size * np.array([[1, -1, 1, 1], [1, 1, -1, 1], [-1, 1, 1, -1], [1, -1, -1, 1]])
        with np.errstate(all="ignore"):
            assert faults(exercise, case, wrong)
            assert not faults(exercise, case, size * vanishing(case.arguments["kernel"]))


def vanishing(kernel):
    """A picture that a kernel of two pairs, each a number and plus or minus itself, cannot see."""
    across = abs(kernel[0, 0]) == abs(kernel[0, 1])
    sign = -np.sign(kernel[0, 0] * (kernel[0, 1] if across else kernel[1, 0]))
    row = np.where(np.arange(4) % 2, sign, 1)
    picture = np.tile(row, (4, 1))
    return picture if across else picture.T
