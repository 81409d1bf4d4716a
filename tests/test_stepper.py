"""course.stepper: the script's arithmetic against Keras, what it shows, the strip and the page."""

import contextlib
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from py_mini_racer import MiniRacer

from course.convolution import conv_transpose, paste_steps
from course.quiet import keras
from course.running import execute
from course.stepper import markup, sources, stepper, stepper_page, strip

SIZES, KERNELS, STRIDES, PADDINGS = range(1, 6), range(1, 6), range(1, 5), ("valid", "same")
NINE, ONES = np.arange(9).reshape(3, 3), np.ones((3, 3), int)
QUESTION = ([[1, 2, 1], [0, 1, 0], [1, -1, 1]], [[1, 1, 1], [-1, -1, -1], [0, 0, 0]])
ANSWER = [[1, 3, 4, 3, 1], [-1, -2, -3, -2, -1], [1, -1, 0, -1, 1], [-1, 0, -1, 0, -1], [0] * 5]


class Script:
    """The script as it stands in a page, in an engine of its own; values go in and out as JSON."""

    def __init__(self, screen=False):
        self.engine = MiniRacer()
        self.engine.eval(sources()[0])
        if screen:
            self.engine.eval(Path(__file__).with_name("screen.js").read_text(encoding="utf-8"))

    def __call__(self, name, *arguments):
        words = ", ".join(json.dumps(argument) for argument in arguments)
        return self.run(f"{name}({words})")

    def run(self, code):
        return json.loads(self.engine.eval(f"JSON.stringify({code}) ?? 'null'"))


@pytest.fixture(scope="module")
def js():
    return Script()


def state(x, kernel, stride, padding):
    x, kernel = np.asarray(x).tolist(), np.asarray(kernel).tolist()
    return {"x": x, "kernel": kernel, "stride": stride, "padding": padding}


def by_keras(x, kernel, stride, padding):
    x, kernel = np.asarray(x, "float32"), np.asarray(kernel, "float32")
    return np.asarray(
        keras.ops.conv_transpose(x[None, ..., None], kernel[..., None, None], stride, padding)
    )[0, ..., 0]


def whole(seed, *shape):
    return np.random.default_rng(seed).integers(-9, 10, shape)


def compare(js, x, kernel, stride, padding):
    """Every number that the script can give for one case, with Keras and `paste_steps`."""
    case = state(x, kernel, stride, padding)
    np.testing.assert_array_equal(js("output", case), by_keras(x, kernel, stride, padding))
    everything = js.run(
        f"""(state => state.x.flat().map((_, i) => [windowAt(state, i), product(state, i),
        additions(state, i + 1), total(state, i + 1)]))({json.dumps(case)})"""
    )
    reached = np.zeros_like(next(paste_steps(x, kernel, stride, padding)).total)
    old = reached.copy()
    steps = paste_steps(x, kernel, stride, padding)
    for (at, product, added, now), step in zip(everything, steps, strict=True):
        assert (at["i"], at["j"]) == step.index
        assert at["rows"] == [step.rows[0], step.rows[-1]]
        assert at["columns"] == [step.columns[0], step.columns[-1]]
        assert product == (x[step.index] * kernel).tolist()
        # Where this window meets an earlier one, and what is added there.
        met = [(r, c) for r in step.rows for c in step.columns if reached[r, c]]
        assert [(cell["row"], cell["column"]) for cell in added] == met
        for cell in added:
            place = cell["row"], cell["column"]
            numbers = old[place], step.contribution[place], step.total[place]
            assert (cell["old"], cell["added"], cell["sum"]) == numbers
        reached[np.ix_(step.rows, step.columns)] += 1
        old = step.total
        assert now == {"sum": step.total.tolist(), "count": reached.tolist()}
    along = js("geometry", case)
    for axis, name in enumerate(("rows", "columns")):
        keep = range(old.shape[axis])[step.crop[axis]]
        cut = [at for at in range(old.shape[axis]) if at not in keep]
        assert along[name]["canvas"] == old.shape[axis]
        assert js("cutAway", along[name]) == cut
        idle = np.flatnonzero(~reached.any(axis=1 - axis)).tolist()
        assert js("gaps", along[name]) == idle


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("padding", PADDINGS)
def test_the_script_computes_what_keras_computes(js, stride, padding):
    for n in SIZES:
        for k in KERNELS:
            compare(js, whole(n, n, n), whole(100 + k, k, k), stride, padding)


sides = st.tuples(*[st.integers(1, 5)] * 4)


@given(sides, st.sampled_from(STRIDES), st.sampled_from(PADDINGS), st.integers(0, 99))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_so_it_does_for_rectangles(js, shape, stride, padding, seed):
    compare(js, whole(seed, *shape[:2]), whole(seed + 1, *shape[2:]), stride, padding)


def test_the_examples_are_those_of_the_notes(js):
    examples = {e["name"]: e["state"] for e in js.run("EXAMPLES")}
    assert len(examples) == len(js.run("EXAMPLES"))
    made = {name: js("output", case) for name, case in examples.items()}
    for case, output in zip(examples.values(), made.values(), strict=True):
        np.testing.assert_array_equal(output, by_keras(**case))
    nine = made["3 × 3, stride 2, kernel 3, valid"]
    assert np.shape(nine) == (7, 7)
    assert nine[0] == nine[1] == [0, 0, 1, 1, 3, 2, 2]
    assert nine[2] == [3, 3, 8, 5, 12, 7, 7] and nine[4] == [9, 9, 20, 11, 24, 13, 13]
    assert made["3 × 3, stride 2, kernel 3, same"] == [row[:6] for row in nine[:6]]
    sixteen = made["4 × 4, stride 2, kernel 3, valid: 9 × 9"]
    assert np.shape(sixteen) == (9, 9)
    assert made["4 × 4, stride 2, kernel 3, same: 8 × 8"] == [row[:8] for row in sixteen[:8]]
    question = "the question: kernel of 1, −1 and 0, stride 1"
    assert (examples[question]["x"], examples[question]["kernel"]) == QUESTION
    assert made[question] == ANSWER
    assert made["2 × 2, stride 1, kernel 2"] == [[1, 3, 2], [4, 10, 6], [3, 7, 4]]
    twice = np.kron([[1, 2], [3, 4]], np.ones((2, 2)))
    np.testing.assert_array_equal(made["2 × 2, stride 2, kernel 2: no overlap"], twice)


def test_formulas_name_the_numbers_put_in(js):
    def formulas(*case):
        return js("formulaWords", state(*case))

    assert formulas(NINE, ONES, 2, "valid") == [
        "N = s(M − 1) + max(k, s) = 2·(3 − 1) + max(3, 2) = 7"
    ]
    assert formulas(NINE, ONES, 2, "same") == [
        "N = s·M = 2·3 = 6",
        "canvas: s(M − 1) + max(k, s) = 2·(3 − 1) + max(3, 2) = 7; "
        "cut: 7 − 6 = 1, 0 before and 1 after",
    ]
    assert formulas([[1, 2]], [[1], [1]], 3, "valid") == [
        "rows: N = s(M − 1) + max(k, s) = 3·(1 − 1) + max(2, 3) = 3",
        "columns: N = s(M − 1) + max(k, s) = 3·(2 − 1) + max(1, 3) = 6",
    ]
    along = js("direction", 3, 3, 2, "valid")
    assert js("placeWords", "row", 1, along) == "rows 1·2 … 1·2 + 3 − 1 = 2…4"
    assert js("placeWords", "row", 2, {**along, "kernel": 1}) == "rows 2·2 … 2·2 + 1 − 1 = 4"


@pytest.mark.parametrize(
    "n, k, s, padding, cut, gaps",
    [
        (3, 3, 2, "valid", "Padding “valid” keeps the whole canvas.", ""),
        (3, 3, 2, "same", "Row 6 and column 6 are cut away.", ""),
        (4, 4, 2, "same", "Rows 0, 9 and columns 0, 9 are cut away.", ""),
        (2, 5, 1, "same", "Rows 0…1, 4…5 and columns 0…1, 4…5 are cut away.", ""),
        (
            3, 2, 4, "same", "Padding “same” has nothing to cut away here: k ≤ s.",
            "No window reaches rows 2…3, 6…7, 10…11 or columns 2…3, 6…7, 10…11: k < s, and these "
            "stay 0.",
        ),
    ],
)  # fmt: skip
def test_words_name_what_is_cut_and_what_stays_empty(js, n, k, s, padding, cut, gaps):
    case = state(whole(0, n, n), whole(1, k, k), s, padding)
    assert (js("cutWords", case), js("gapWords", case)) == (cut, gaps)


def test_one_row_is_cut_in_the_singular(js):
    case = state([[1, 2]], [[1], [1]], 1, "same")
    assert js("cutWords", case) == "Row 1 is cut away."


def test_minus_signs_are_true_ones(js):
    assert js("show", -12) == "−12" and js("bracketed", -1) == "(−1)" and js("bracketed", 2) == "2"
    assert js.run("product({x: [[-1]], kernel: [[0]]}, 0).map(r => Object.is(r[0], -0))") == [False]


@pytest.mark.parametrize(
    "text, number",
    [("7", 7), ("-7", -7), ("−12", -12), (" 3 ", 3), ("+4", 4), ("0", 0), ("99", 99), ("-0", 0)]
    + [(text, None) for text in ("", "-", "1.5", "100", "1e1", "0x1", "5x", "--1", "１")],
)
def test_typed_numbers(js, text, number):
    assert js("parseNumber", text) == number


def test_an_address_holds_the_numbers_and_nothing_broken_gets_in(js):
    case = state(whole(3, 2, 5), whole(4, 3, 1), 3, "same")
    address = js("toAddress", case, 4)
    assert re.fullmatch(r"[\w=&,;-]+", address)
    assert js("fromAddress", "#" + address) == {"state": case, "steps": 4}
    assert js("fromAddress", "#x=1&k=1&s=1&p=valid&t=99")["steps"] == 1
    assert js("fromAddress", "#x=1&k=1&s=1&p=valid")["steps"] == 0
    broken = [
        "", "#", "#x=1", "#x=1&k=1&s=5&p=valid", "#x=1&k=1&s=0&p=valid", "#x=1&k=1&s=1.5&p=same",
        "#x=1&k=1&s=1&p=full", "#x=1,2;3&k=1&s=1&p=same", "#x=a&k=1&s=1&p=same",
        "#x=1,2,3,4,5,6&k=1&s=1&p=same", "#x=1;1;1;1;1;1&k=1&s=1&p=same", "#x=&k=1&s=1&p=same",
        "#x=100&k=1&s=1&p=same", "#x=1&k=<b>&s=1&p=same", "#%E0%A4%A", "#rules",
    ]  # fmt: skip
    assert [js("fromAddress", address) for address in broken] == [None] * len(broken)


@pytest.mark.parametrize("padding", PADDINGS)
def test_the_code_that_it_shows_prints_the_same_numbers(js, padding):
    case = state(whole(5, 2, 3), whole(6, 3, 2), 2, padding)
    code = js("kerasCode", case)
    assert max(map(len, code.splitlines())) <= 80
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    numbers = np.array(re.findall(r"-?\d+", printed.getvalue()), int)
    assert numbers.tolist() == np.ravel(js("output", case)).tolist()


# ---- What is on the screen


@pytest.fixture
def screen():
    def start(x=NINE, kernel=ONES, stride=2, padding="valid", step=1, page=False):
        script = Script(screen=True)
        spec = {**state(x, kernel, stride, padding), "title": "t", "step": step, "page": page}
        script.engine.eval(f"open({json.dumps(spec)})")
        return Screen(script)

    return start


class Screen:
    """A stepper that is played by code, and read."""

    def __init__(self, script):
        self.script = script

    def do(self, code):
        self.script.engine.eval(f"{code}; 0")
        return self.seen()

    def ask(self, code):
        return self.script.run(code)

    def seen(self):
        return json.loads(self.script.engine.eval("seen()"))


def check_screen(seen, x, kernel, stride, padding, steps):
    """Every number that stands on the screen after so many steps."""
    x, kernel = np.asarray(x), np.asarray(kernel)
    all_steps = list(paste_steps(x, kernel, stride, padding))
    canvas = all_steps[steps - 1].total if steps else np.zeros_like(all_steps[0].total)
    np.testing.assert_array_equal(seen["canvas"], canvas)
    np.testing.assert_array_equal(seen["shown"], canvas)
    np.testing.assert_array_equal(seen["input"], x)
    np.testing.assert_array_equal(seen["kernel"], kernel)
    keep = np.zeros(canvas.shape, bool)
    keep[all_steps[0].crop] = True
    assert seen["cut"] == np.argwhere(~keep).tolist()
    assert seen["step"] == f"Step {steps} of {x.size}"
    if not steps:
        assert seen["window"] == seen["overlap"] == seen["sums"] == seen["now"] == []
        assert seen["value"] == "–" and set(np.ravel(seen["product"])) == {""}
        return
    step = all_steps[steps - 1]
    assert seen["now"] == [list(step.index)]
    assert seen["window"] == [[r, c] for r in step.rows for c in step.columns]
    assert seen["value"].replace("−", "-") == str(x[step.index])
    product = [[int(word.replace("−", "-")) for word in row] for row in seen["product"]]
    np.testing.assert_array_equal(product, x[step.index] * kernel)
    for (r, c), words in zip(seen["overlap"], seen["sums"], strict=True):
        numbers = re.fullmatch(
            r"\((\d+), (\d+)\): (-?\d+) \+ \(?(-?\d+)\)? = (-?\d+)", words.replace("−", "-")
        )
        old = all_steps[steps - 2].total[r, c]
        expected = [r, c, old, step.contribution[r, c], step.total[r, c]]
        assert [int(number) for number in numbers.groups()] == expected


@pytest.mark.parametrize(
    "x, kernel, stride, padding",
    [
        (NINE, ONES, 2, "valid"),
        (NINE, ONES, 2, "same"),
        (*QUESTION, 1, "valid"),
        (whole(7, 2, 4), whole(8, 4, 3), 2, "same"),
        (whole(9, 3, 1), whole(10, 1, 2), 3, "valid"),
    ],
)
def test_every_step_is_on_the_screen(screen, x, kernel, stride, padding):
    page = screen(x, kernel, stride, padding, step=0)
    count = np.size(x)
    for steps in range(count + 1):
        check_screen(page.seen(), x, kernel, stride, padding, steps)
        page.do("press('ArrowRight')")
    check_screen(page.seen(), x, kernel, stride, padding, count)  # not further than the last
    for steps in reversed(range(count)):
        check_screen(page.do("press('ArrowLeft')"), x, kernel, stride, padding, steps)
    check_screen(page.do("press('ArrowLeft')"), x, kernel, stride, padding, 0)


def test_cells_show_old_and_new_where_windows_meet(screen):
    seen = screen(step=5).seen()
    assert seen["small"] == ["4+4", "1+4", "3+4", "3+4", "3+4"]
    assert seen["where"] == "input (1, 1): rows 2…4, columns 2…4"
    assert seen["sums"][0] == "(2, 2): 4 + 4 = 8"
    seen = screen(*QUESTION, 1, step=8).seen()
    assert "0−1" in seen["small"] and "(2, 1): 0 + (−1) = −1" in seen["sums"]


def test_keys_and_buttons_step(screen):
    page = screen()

    def step(code):
        return int(page.do(code)["step"].split()[1])

    assert [step("press('End')"), step("press('Home')")] == [9, 0]
    assert step("click(find('button.next'))") == 1
    assert step("click(find('button.last'))") == 9
    assert step("click(find('button.back'))") == 8
    assert step("click(find('button.first'))") == 0
    assert step("click(cell('input', 1, 2).children[0])") == 6
    slide = "labelled('Step').value = 3; labelled('Step').send('input')"
    assert step(slide) == 3
    assert step("press('ArrowRight', cell('input', 0, 0).children[0])") == 4
    # The slider and the radio buttons keep their own arrow keys.
    assert step("press('ArrowRight', labelled('Step'))") == 4
    assert step("press('ArrowRight', root.all(n => n.type === 'radio')[0])") == 4
    assert page.seen()["said"].startswith("Step 4 of 9. Input (1, 0): rows 2…4, columns 0…2.")


def test_the_page_around_gets_no_key_that_the_stepper_uses(screen):
    page = screen()
    for key in ("ArrowLeft", "ArrowRight", "Home", "End", " "):
        assert page.ask(f"(e => [e.prevented, e.stopped])(press('{key}'))") == [True, True]
    assert page.ask("press('Tab').stopped ?? false") is False
    assert page.ask("press(' ', button('Random')).prevented ?? false") is False


def test_space_plays_to_the_end_and_again_from_the_start(screen):
    page = screen(step=7)
    assert page.do("press(' ')")["playing"].startswith("Pause")
    said = page.seen()["said"]
    assert page.do("beat()")["step"] == "Step 8 of 9"
    assert page.seen()["said"] == said  # no chatter while it plays
    seen = page.do("beat()")
    assert seen["step"] == "Step 9 of 9" and seen["playing"].startswith("Play")
    assert seen["said"].startswith("Step 9 of 9") and page.ask("beat()") is False
    assert page.do("click(find('button.play'))")["step"] == "Step 0 of 9"
    assert page.do("beat(); press(' ')")["step"] == "Step 1 of 9"
    assert page.ask("beat()") is False
    # An output that was deleted from its notebook stops by itself.
    page.do("press(' '); document.boxes[0].isConnected = false; beat()")
    assert page.ask("beat()") is False
    assert page.seen()["step"] == "Step 1 of 9"


def test_typed_numbers_change_input_and_kernel(screen):
    page = screen()
    field = "root.all(n => n.type === 'text')[0]"
    at = "cell('{}', {}, {}).children[0]"
    page.do(f"press('-', {at.format('input', 0, 1)})")
    seen = page.do(f"{field}.value += '12'; press('Enter', {field})")
    changed = NINE.copy()
    changed[0, 1] = -12
    check_screen(seen, changed, ONES, 2, "valid", 1)
    assert seen["example"] == "own"
    page.do(f"press('7', {at.format('input', 0, 0)})")
    check_screen(page.do(f"press('Escape', {field})"), changed, ONES, 2, "valid", 1)
    page.do(f"press('5', {at.format('input', 0, 0)})")
    seen = page.do(f"{field}.value += 'x'; press('Enter', {field})")
    check_screen(seen, changed, ONES, 2, "valid", 1)
    assert "“5x” is not a whole number from −99 to 99: the 0 stays." in seen["note"]
    page.do(f"click({at.format('kernel', 2, 0)})")
    seen = page.do(f"{field}.value = '3'; {field}.send('blur')")
    kernel = ONES.copy()
    kernel[2, 0] = 3
    check_screen(seen, changed, kernel, 2, "valid", 1)
    # With "Edit" on, a tap on the input changes the number and does not step.
    page.do(f"click(button('Edit')); click({at.format('input', 2, 2)})")
    seen = page.do(f"{field}.value = '−1'; press('Enter', {field})")
    changed[2, 2] = -1
    check_screen(seen, changed, kernel, 2, "valid", 1)
    page.do(f"click({at.format('input', 2, 1)})")
    seen = page.do(f"{field}.value = '0'; press('Enter', {field})")
    changed[2, 1] = 0
    check_screen(seen, changed, kernel, 2, "valid", 1)
    # Typed numbers come back when the size does.
    page.do("choose(1, '1x1'); choose(2, '1x1')")
    seen = page.do("choose(1, '3x3'); choose(2, '3x3')")
    check_screen(seen, changed, kernel, 2, "valid", 1)


def test_settings_keep_the_numbers_and_undo_brings_back_the_rest(screen):
    x, kernel = whole(11, 3, 3), whole(12, 3, 3)
    page = screen(x, kernel, 2, "valid", step=5)
    check_screen(page.do("pick('stride', 3)"), x, kernel, 3, "valid", 5)
    check_screen(page.do("pick('padding', 'same')"), x, kernel, 3, "same", 5)
    assert page.seen()["said"].startswith("Step 5 of 9. Input (1, 1): rows 3…5")
    # The same input value, (1, 1), is the last one of a 2 × 2 input.
    check_screen(page.do("choose(1, '2x2')"), x[:2, :2], kernel, 3, "same", 4)
    seen = page.do("choose(1, '4x5')")
    np.testing.assert_array_equal(np.array(seen["input"])[:3, :3], x)
    check_screen(page.do("choose(1, '3x3')"), x, kernel, 3, "same", 5)
    check_screen(page.do("choose(2, '1x2')"), x, kernel[:1, :2], 3, "same", 5)
    check_screen(page.do("choose(2, '3x3')"), x, kernel, 3, "same", 5)
    seen = page.do("click(button('Random'))")
    assert seen["input"] != x.tolist() and np.any(seen["kernel"])
    check_screen(seen, seen["input"], seen["kernel"], 3, "same", 5)
    page.do("choose(1, '1x1'); choose(2, '2x2')")
    again = page.do("choose(1, '3x3'); choose(2, '3x3')")
    check_screen(again, seen["input"], seen["kernel"], 3, "same", 1)
    for _ in range(4):
        page.do("click(button('Undo'))")
    check_screen(page.do("choose(0, '1')"), NINE, ONES, 2, "valid", 1)
    page.do("click(button('Undo'))")
    check_screen(page.do("press('z', undefined, {ctrlKey: true})"), x, kernel, 3, "same", 5)
    for _ in range(9):
        seen = page.do("click(button('Undo'))")
    check_screen(seen, x, kernel, 2, "valid", 5)


def test_examples_can_be_chosen(screen):
    page = screen()
    for i, example in enumerate(page.ask("EXAMPLES")):
        check_screen(page.do(f"choose(0, '{i}')"), **example["state"], steps=1)
        assert page.seen()["example"] == str(i)


def test_the_page_keeps_its_state_in_its_address(screen):
    page = screen(step=5, page=True)
    assert page.seen()["hash"] == ""  # nothing was touched yet
    seen = page.do("press('ArrowRight')")
    assert seen["hash"] == "#x=0,1,2;3,4,5;6,7,8&k=1,1,1;1,1,1;1,1,1&s=2&p=valid&t=6"
    page.do("location.hash = '#x=1,-2&k=3&s=1&p=same&t=2'; heard.hashchange()")
    check_screen(page.seen(), [[1, -2]], [[3]], 1, "same", 2)
    assert screen(step=5).do("press('End')")["hash"] == ""  # a notebook's address is its own


def test_keys_can_scroll_a_canvas_that_is_too_wide(screen):
    page = screen()
    assert page.ask("'tabindex' in find('.scroller').attributes") is False
    page.do("find('.scroller').scrollWidth = 900; press('ArrowRight')")
    assert page.ask("find('.scroller').attributes.tabindex") == "0"
    assert page.do("press('ArrowRight', find('.scroller'))")["step"] == "Step 2 of 9"


def test_two_steppers_do_not_disturb_each_other(screen):
    page = screen()
    page.do("first = root; press('End')")
    spec = json.dumps({**state(*QUESTION, 1, "same"), "title": "t", "step": 0, "page": False})
    page.do(f"open({spec}); press('ArrowRight'); pick('stride', 2)")
    check_screen(page.seen(), *QUESTION, 2, "same", 1)
    check_screen(page.do("root = first"), NINE, ONES, 2, "valid", 9)
    assert page.ask("document.boxes.length") == 2


# ---- The strip, the markup and the page


class Markup(HTMLParser):
    """Tables of numbers, words and scripts of a piece of HTML."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.bold, self.struck, self.captions = [], [], [], []
        self.tags, self.text, self.script, self.inside = [], "", "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            for collection in (self.tables, self.bold, self.struck):
                collection.append([])
            self.captions.append("")
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("script", "style", "b", "s", "caption", "table"):
            self.inside.append(tag)
        if tag == "br" and "caption" in self.inside:
            self.captions[-1] += " "

    def handle_endtag(self, tag):
        if tag in self.inside:
            self.inside.remove(tag)

    def handle_data(self, data):
        if "script" in self.inside:
            self.script += data
        elif "caption" in self.inside:
            self.captions[-1] += data
        elif "table" in self.inside and re.fullmatch(r"−?\d+", data):
            row = self.tables[-1][-1]
            place = (len(self.tables[-1]) - 1, len(row))
            row.append(int(data.replace("−", "-")))
            for tag, places in (("b", self.bold), ("s", self.struck)):
                if tag in self.inside:
                    places[-1].append(place)
        else:
            self.text += data


@pytest.mark.parametrize("padding", PADDINGS)
def test_the_strip_shows_all_nine_windows(padding):
    page = Markup(strip(NINE, -ONES, 2, padding, "t"))
    assert page.tables[0] == NINE.tolist() and page.tables[1] == (-ONES).tolist()
    steps = list(paste_steps(NINE, -ONES, 2, padding))
    assert len(page.tables) == 2 + len(steps)
    for i, step in enumerate(steps, start=2):
        assert page.tables[i] == step.total.tolist()
        assert page.bold[i] == [(r, c) for r in step.rows for c in step.columns]
        cut = np.ones(step.total.shape, bool)
        cut[step.crop] = False
        assert page.struck[i] == [tuple(place) for place in np.argwhere(cut)]
    assert page.captions[6] == "5. input (1, 1) = 4: rows 2…4, columns 2…4"
    assert ("crossed out" in page.text) == (padding == "same")


def test_a_long_strip_keeps_the_first_few_and_the_last():
    x = whole(13, 5, 5)
    page = Markup(strip(x, ONES, 2, "valid", "t"))
    numbers = [int(caption.split(".")[0]) for caption in page.captions[2:]]
    assert numbers == [*range(1, len(numbers)), 25] and 5 < len(numbers) < 25
    assert "some left out" in page.text
    np.testing.assert_array_equal(page.tables[-1], conv_transpose(x, ONES, 2))
    huge = Markup(strip(x, np.ones((5, 5), int), 4, "same", "t"))
    numbers = [caption.split(".")[0] for caption in huge.captions[2:]]
    assert numbers[0] == "1" and numbers[-1] == "25" and len(numbers) < 5


def test_nothing_comes_from_outside_and_nothing_is_random():
    made = markup(NINE, ONES, 2, "valid", "t")
    assert made == markup(NINE, ONES, 2, "valid", "t")
    outside = made.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//\w|@import|fetch|import\(|src=|url\(", outside)
    names = {re.search(r'class="([^"]+)', markup(NINE, ONES, s, "same", "t"))[1] for s in STRIDES}
    assert len(names) == 4
    box = Markup(made).tags[0]
    assert box[0] == "div" and box[1]["data-lm-suppress-shortcuts"] == "true"


def test_words_are_escaped():
    nasty = "</script><!-- <b>\"'&"
    made = markup([[1]], [[1]], 1, "valid", nasty)
    page = Markup(made)
    assert [tag for tag, _ in page.tags].count("script") == 1 == made.count("</script>")
    assert page.script.endswith("})()") and "<!--" not in made
    assert page.text.startswith(nasty)
    spec = page.script.split('upgrade("stepper-', 1)[1].split('", ', 1)[1]
    assert json.JSONDecoder().raw_decode(spec)[0]["title"] == nasty


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("stride", STRIDES)
def test_a_stepper_is_small(stride, padding):
    for n in SIZES:
        for k in KERNELS:
            made = markup(np.full((n, n), -99), np.full((k, k), 99), stride, padding, "t")
            assert len(made.encode()) < 60_000


def test_the_script_can_be_shortened_line_by_line():
    text = Path(stepper.__code__.co_filename).with_suffix(".js").read_text(encoding="utf-8")
    assert all(line.count("`") % 2 == 0 for line in text.splitlines())
    assert "</script" not in text and "<!--" not in text
    for line in sources()[0].splitlines():
        assert line == line.strip() and not line.startswith("//")


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"x": [1, 2]}, r"`x` has 1 to 5 rows and 1 to 5 columns. Received the shape \(2,\)"),
        ({"x": np.zeros((6, 2))}, r"the shape \(6, 2\): take a part of it, such as x\[:5, :5\]"),
        ({"kernel": np.zeros((0, 2))}, "`kernel` has 1 to 5 rows"),
        ({"x": [[1, 2], [3]]}, r"`x` is rows of numbers, all rows equally long"),
        ({"kernel": [["a"]]}, "`kernel` is rows of numbers"),
        ({"x": [[0.5]]}, r"`x` holds whole numbers from −99 to 99.*Received: \[\[0.5\]\]"),
        ({"x": [[np.nan]]}, "`x` holds whole numbers"),
        ({"kernel": [[100]]}, "`kernel` holds whole numbers"),
        ({"stride": 0}, "`stride` is a whole number from 1 to 4. Received: 0"),
        ({"stride": 5}, "Received: 5"),
        ({"stride": True}, "Received: True"),
        ({"stride": 2.0}, "Received: 2.0"),
        ({"padding": "full"}, '`padding` is "valid" or "same". Received: \'full\''),
        ({"padding": 1}, "Received: 1"),
    ],
)
def test_it_says_what_was_wrong(arguments, words):
    with pytest.raises(ValueError, match=words):
        stepper(**arguments)


def test_a_terminal_gets_a_line(capsys):
    stepper(NINE.astype(float), title="by hand")
    assert capsys.readouterr().out == "[by hand: open in Jupyter]\n"


def test_a_notebook_gets_html_and_text():
    nb = new_notebook(
        cells=[new_code_cell("from course.stepper import stepper\nstepper([[1, 2]], stride=3)")]
    )
    assert execute(nb, timeout=60).error is None
    (shown,) = nb.cells[0].outputs
    assert set(shown.data) == {"text/html", "text/plain"}
    title = "Transposed convolution, step by step"
    assert shown.data["text/html"] == markup(np.array([[1, 2]]), ONES, 3, "valid", title)


def test_the_page_stands_alone():
    page = stepper_page()
    seen = Markup(page)
    assert page.startswith("<!DOCTYPE html>") and "STEPPER" not in page
    policy = next(a["content"] for t, a in seen.tags if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")
    assert {"viewport"} <= {a.get("name") for t, a in seen.tags if t == "meta"}
    assert not [a for _, a in seen.tags if {"src", "href"} & set(a)]
    assert [t for t, _ in seen.tags].count("h1") == 1
    # Its heading is the title, so the stepper has none.
    assert re.search(r'upgrade\(.*"page": true.*"step": 5.*"title": ""', seen.script)
    for words in ("N = s(M − 1) + max(k, s)", "N = s·M", "max(k − s, 0)", "i·s + k − 1"):
        assert words in seen.text


def test_the_module_needs_no_tensorflow():
    code = (
        "import sys, course.stepper as s; s.stepper(); s.stepper_page();"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
