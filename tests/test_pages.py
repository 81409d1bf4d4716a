"""Pages: readable without a network, formulas as MathML, nothing lost and nothing run twice."""

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course import pages
from course.formulas import Formulas, to_mathml

RESULT = {
    "title": "Title & <more>", "source": "drawn", "budget": "quick", "seconds": 12.3,
    "gates": ["gate passed: a"], "expected_gates": 2, "failed_cell": None, "error": None,
    "finished": "2026-01-01 10:00",
}  # fmt: skip
WIDGET = "application/vnd.jupyter.widget-view+json"


def render(*cells):
    return pages.render(new_notebook(cells=list(cells)))


def markdown(text):
    return render(new_markdown_cell(text))


def shown(data, **more):
    return new_code_cell("x", outputs=[new_output("display_data", data=data, **more)])


@pytest.mark.parametrize(
    "text, formulas",
    [
        ("so $x_1$ and $y^2$.", 2),
        ("$$\\sum_i x_i$$", 1),
        ("$$\na\n$$\n\nand\n\n$$b$$", 2),
        ("from $5 to $6", 0),
        ("a \\$x\\$ b", 0),
        ("`$x$` and ``$`y`$``", 0),
        ("```\n$x$\n```", 0),
        ("~~~python\ncost = '$x$'\n~~~\n\n$y$", 1),
        ("- item $a|b|c$\n\n| a | b |\n|---|---|\n| $|x|$ | $y_1$ |", 3),
        ("*$a_1$* and __$b_2$__ and $a*b*c$", 3),
        ("$a$$b$", 2),
        ("lone $ sign", 0),
        ("$x$-axis, ($y$), $z$!", 3),
    ],
)
def test_formulas_are_found_where_they_are_and_nowhere_else(text, formulas):
    page = markdown(text)
    assert page.count("<math ") == formulas
    assert "qFORMULA" not in page


def test_code_and_money_stay_as_written():
    page = markdown("`$x_1$` costs \\$5, or $5 and $6\n\n```python\ns = '$y$'\n```")
    assert "<code>$x_1$</code>" in page and "$5, or $5 and $6" in page and "'$y$'" in page


def test_formulas_in_a_table_do_not_split_its_cells():
    page = markdown("| a | b |\n|---|---|\n| $|x|$ | $y_1$ |")
    assert page.count("<td>") == 2


def test_mathml_is_well_formed_and_holds_the_symbols():
    made = to_mathml(
        r"\frac{1}{n}\sum_{i=1}^{n} \left\| x_i - \hat{x}_i \right\|_2^2 < \beta", True
    )
    tree = ElementTree.fromstring(made)
    assert tree.tag.endswith("math") and tree.get("display") == "block"
    text = "".join(tree.itertext())
    assert text.count("x") == 2 and "∑" in text and "β" in text and "<" in text
    assert any(node.tag.endswith("mfrac") for node in tree.iter())


@pytest.mark.parametrize("tex", [r"\frac{1}", r"{", r"\left(", r"x_{1", r"\begin{matrix}", "^"])
def test_tex_that_cannot_be_read_does_not_stop_the_page(tex):
    made = to_mathml(tex)
    ElementTree.fromstring(made)


def test_several_notebooks_do_not_share_formulas():
    one, two = Formulas(), Formulas()
    a, b = one.take_out("$x$"), two.take_out("$y$")
    assert ">x<" in one.put_in(a) and ">y<" in two.put_in(b)


def test_a_formula_in_a_heading_or_a_link_does_not_break_its_tag():
    page = markdown("## The norm $|x_1|$\n\n[go](#x) ![about $y$](data:image/png;base64,aGk=)")
    assert re.search(r'<h2 id="The-norm-x_1">The norm <math ', page), page
    assert 'alt="about y"' in page
    ElementTree.fromstring(f"<p>{page.replace('&#182;', '')}</p>")


def test_a_static_stand_in_replaces_the_widget_and_its_script_stays():
    page = render(
        shown({WIDGET: {"model_id": "m1"}, "text/html": "<b>still</b><script>1</script>"})
    )
    assert "<b>still</b><script>1</script>" in page
    assert "m1" not in page and "widget-view" not in page


def test_a_widget_without_stand_in_leaves_a_word():
    page = render(shown({WIDGET: {"model_id": "m1"}, "text/plain": "IntSlider(value=0)"}))
    assert "open this chapter in JupyterLab" in page and "IntSlider" not in page


def test_a_picture_beside_a_widget_is_shown():
    page = render(shown({WIDGET: {"model_id": "m"}, "image/png": "aGk=", "text/plain": "x"}))
    assert "data:image/png;base64,aGk=" in page


def test_pictures_have_an_alternative_text():
    own = render(shown({"image/png": "aGk="}, metadata={"image/png": {"alt": "Two curves"}}))
    assert 'alt="Two curves"' in own and own.count("alt=") == 1
    assert 'alt="Figure; ' in render(shown({"image/png": "aGk="}))


def test_the_notebook_is_not_changed_and_empty_cells_are_left_out():
    nb = new_notebook(
        cells=[new_markdown_cell("$x$"), new_code_cell(""), shown({WIDGET: {}, "text/html": "h"})]
    )
    before = nb.copy()
    page = pages.render(nb)
    assert nb == before and WIDGET in nb.cells[2].outputs[0].data
    assert page.count("code_cell") == 1


def test_links_between_chapters_lead_to_pages():
    page = markdown("[a](ch02_x.ipynb#Two) [b](./ch03_y.ipynb) [c](https://e.org/ch01_z.ipynb)")
    assert 'href="ch02_x.html#Two"' in page and 'href="ch03_y.html"' in page
    assert 'href="https://e.org/ch01_z.ipynb"' in page


def test_output_text_is_escaped_and_an_error_is_kept():
    cell = new_code_cell(
        "print(1)",
        outputs=[
            new_output("stream", text="<script>alert(1)</script>"),
            new_output("error", ename="E", evalue="v", traceback=["\x1b[31mE\x1b[0m: <v>"]),
        ],
    )
    page = render(cell)
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert '<span class="ansi-red-fg">E</span>: &lt;v&gt;' in page


class Outside(HTMLParser):
    """Collects everything that a browser would fetch by itself."""

    def __init__(self):
        super().__init__()
        self.found, self.stack = [], []

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            fetched = name in ("src", "srcset", "data", "poster") or (tag, name) == ("link", "href")
            if fetched and not str(value).startswith("data:"):
                self.found.append((tag, name, value))


@pytest.fixture
def written(tmp_path):
    nb = new_notebook(
        cells=[
            new_markdown_cell("# Title\n\n$x$\n\n## One\n\n## Two $y$\n\n## Three"),
            shown({"image/png": "aGk="}),
            shown({WIDGET: {"model_id": "m"}, "text/html": "<i>i</i>"}),
            shown({"application/javascript": "fetch('//x')", "text/plain": "js"}),
        ]
    )
    order = ["ch00_start_here", "ch01_smallest_autoencoder", "ch02_how_many_latents"]
    path = pages.write_page(tmp_path, order[1], nb, RESULT, order)
    index = pages.write_index(tmp_path, {order[1]: RESULT})
    return path.read_text(encoding="utf-8"), index.read_text(encoding="utf-8")


def test_pages_fetch_nothing_and_forbid_fetching(written):
    for page in written:
        parser = Outside()
        parser.feed(page)
        assert parser.found == []
        assert "@import" not in page and not re.search(r"url\((?!['\"]?data:)", page)
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
        assert "default-src 'none'" in policy and "http" not in policy and "*" not in policy


def test_a_page_says_what_it_is_and_leads_on(written):
    page, index = written
    assert page.startswith("<!DOCTYPE html>") and '<html lang="en">' in page
    assert "<title>Title &amp; &lt;more&gt;</title>" in page
    assert "gates passed: 1 of 2" in page and "digits: drawn" in page
    assert 'rel="prev" href="ch00_start_here.html"' in page
    assert 'rel="next" href="ch02_how_many_latents.html"' in page
    assert 'href="#One"' in page and page.count("<h1") == 1
    assert 'href="ch01_smallest_autoencoder.html"' in index and "1 of 2" in index


def test_every_link_of_the_contents_has_its_heading(written):
    page, _ = written
    listed = re.findall(r'<li><a href="#([^"]+)">', page)
    assert len(listed) == 3
    for name in listed:
        assert page.count(f'id="{name}"') == 1


def test_no_page_links_to_one_that_is_not_there(tmp_path):
    slug = "ch01_smallest_autoencoder"
    page = pages.write_page(tmp_path, slug, new_notebook(), RESULT, [slug]).read_text("utf-8")
    assert "ch00" not in page and "ch02" not in page and 'href="index.html"' in page


def test_a_failed_chapter_says_so_on_its_page_and_on_the_index(tmp_path):
    failed = RESULT | {"error": "GateFailed: <0.5>", "failed_cell": 7}
    page = pages.write_page(tmp_path, "ch09_x", new_notebook(), failed).read_text("utf-8")
    assert "Failed in cell 7" in page and "GateFailed: &lt;0.5&gt;" in page
    index = pages.write_index(tmp_path, {"ch09_x": failed, "ch01_y": RESULT}).read_text("utf-8")
    assert "1 of 2 chapters failed" in index and "GateFailed: &lt;0.5&gt;" in index
    assert "All chapters ran" in pages.write_index(tmp_path, {"ch01_y": RESULT}).read_text("utf-8")


def test_half_a_file_is_never_seen(tmp_path, monkeypatch):
    target = pages.write_text(tmp_path / "a.html", "old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(pages.os, "replace", fail)
    with pytest.raises(OSError):
        pages.write_text(target, "new")
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_code_is_readable_on_light_and_dark():
    sheet = pages.style()
    assert sheet.count("prefers-color-scheme: dark") >= 2 and ".highlight .k" in sheet
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", sheet.split("@media")[0]))
    for ink in ("ink", "quiet", "link", "good", "bad"):
        assert contrast(colours[ink], colours["paper"]) >= 4.5, ink
        assert contrast(colours[ink], colours["panel"]) >= 4.5, ink
    dark = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", sheet.split("@media")[1]))
    for ink in ("ink", "quiet", "link", "good", "bad"):
        assert contrast(dark[ink], dark["paper"]) >= 4.5, ink
        assert contrast(dark[ink], dark["panel"]) >= 4.5, ink


def contrast(one, other):
    """The ratio of WCAG 2, section 1.4.3."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
