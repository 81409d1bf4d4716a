"""Sliders over pictures: live in Jupyter, and a stand-in that needs no kernel and no network.

Both forms are in one output. A front end with a kernel shows the ipywidgets; a static page runs a
few lines of script of our own over pictures that were rendered beforehand; where scripts are
removed too, all those pictures are shown side by side.
"""

import base64
import hashlib
import html
import io
import json
from dataclasses import dataclass

import numpy as np

from course.display import mosaic
from course.panels import in_notebook

WIDTH = 196  # screen pixels that a picture takes at least
FRAMES = 121  # at most, in a stand-in
SHEET = 640  # pixels, width of all frames of one axis side by side
GAP = 1  # pixels between them


@dataclass(frozen=True)
class Axis:
    """One slider: its name and the values that it can take.

    Args:
        name: what the slider moves, such as "z₁".
        values: a sequence of numbers or words, in order.
        start: position at the start; None means the middle.
    """

    name: str
    values: tuple
    start: int | None = None

    def __post_init__(self):
        # One by one: an array of numbers and words would turn all of them into words.
        values = (v.item() if isinstance(v, np.generic) else v for v in self.values)
        object.__setattr__(self, "values", tuple(values))
        if not self.values:
            raise ValueError(f"The slider {self.name!r} needs at least one value.")
        if self.start is None:
            object.__setattr__(self, "start", len(self.values) // 2)
        if not 0 <= self.start < len(self.values):
            raise ValueError(
                f"The slider {self.name!r} has {len(self.values)} values and cannot start at "
                f"position {self.start}."
            )

    def word(self, position):
        """The value at a position, as a reader sees it."""
        value = self.values[position]
        # + 0.0 turns the -0.0 of a rounded number into 0.0.
        return f"{round(value, 2) + 0.0:.2f}" if isinstance(value, float) else str(value)

    def words(self):
        """All values, as a reader sees them."""
        return [self.word(i) for i in range(len(self.values))]

    def thinned(self, most):
        """The same axis with at most `most` values, the ends kept."""
        n = len(self.values)
        if n <= most:
            return self
        keep = np.unique(np.linspace(0, n - 1, most).round().astype(int))
        start = int(np.argmin(np.abs(keep - self.start)))
        return Axis(self.name, tuple(self.values[i] for i in keep), start)


def explore(axes, render, *, title):
    """Show a picture with one or two sliders that change it.

    Args:
        axes: one or two `Axis`.
        render: a function of a list of points, each a tuple with one value for each axis, that
            returns grey images (n, h, w) in [0, 1]. It is called once for the stand-in, then for
            each move of a slider.
        title: what the picture shows.

    Raises:
        ValueError: for another number of axes, or images that do not fit the points.
    """
    if not 1 <= len(axes) <= 2:
        raise ValueError(f"Give one or two axes. Received: {len(axes)}.")
    data = {"text/html": standin(axes, render, title), "text/plain": f"[{title}: open in Jupyter]"}
    if not in_notebook():
        print(data["text/plain"])
        return
    from IPython.display import display

    data["application/vnd.jupyter.widget-view+json"] = _live(axes, render, title)
    display(data, raw=True)


def standin(axes, render, title):
    """The HTML of the stand-in: every frame in one picture, and a script that adds the sliders."""
    most = FRAMES if len(axes) == 1 else int(FRAMES**0.5)
    axes = [axis.thinned(most) for axis in axes]
    points = [(value,) for value in axes[0].values]
    if len(axes) == 2:
        points = [(a, b) for b in axes[1].values for a in axes[0].values]
    frames = _render(render, points)
    h, w = frames.shape[1:]
    columns = len(axes[0].values)
    if len(axes) == 1:
        columns = min(columns, max(1, SHEET // (w + GAP)))
    sheet = _png(mosaic(frames, columns, GAP, fill=0.5))
    source = "data:image/png;base64," + base64.b64encode(sheet).decode()
    spec = {
        "title": title,
        "axes": [{"name": axis.name, "start": axis.start, "words": axis.words()} for axis in axes],
        "columns": columns,
        "size": [w, h],
        "gap": GAP,
        "scale": _scale(frames[0]),
    }
    # A word such as "</script>" must not end the script.
    spec = json.dumps(spec, sort_keys=True).replace("<", "\\u003c")
    name = "explore-" + hashlib.sha256((spec + source).encode()).hexdigest()[:12]
    caption = html.escape(f"{title}. {_directions(axes, columns)}.")
    return (
        f'<div class="{name}" style="max-width:40em">'
        f'<figure style="margin:0"><img src="{source}" alt="{caption}" style="max-width:100%">'
        f"<figcaption>{caption}</figcaption></figure></div>\n"
        f"<script>{SCRIPT.replace('NAME', name).replace('SPEC', spec)}</script>"
    )


# A page can hold the same output twice, so the script looks for boxes that have no sliders yet. It
# builds whatever it needs: where scripts are removed, nothing but the figure is left.
SCRIPT = """(() => {
const {title, axes, columns, size, gap, scale} = SPEC;
const add = (parent, tag, words, style) => {
  const element = parent.appendChild(document.createElement(tag));
  element.textContent = words;
  element.style.cssText = style;
  return element;
};
for (const box of document.querySelectorAll(".NAME:not([data-moves])")) {
  box.dataset.moves = "yes";
  const still = box.querySelector("figure"), sheet = box.querySelector("img");
  add(box, "strong", title, "display:block;margin:.3em 0");
  const picture = add(box, "div", "", `width:${size[0] * scale}px;height:${size[1] * scale}px;` +
    "image-rendering:pixelated;outline:1px solid #888");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", title);
  picture.style.backgroundImage = `url(${sheet.src})`;
  picture.style.backgroundSize = `${(columns * (size[0] + gap) - gap) * scale}px auto`;
  const rows = add(box, "div", "", "display:grid;gap:.4em .6em;" +
    "grid-template-columns:max-content minmax(4em,14em) max-content;" +
    "align-items:center;margin:.6em 0");
  const sliders = axes.map(axis => {
    const label = add(rows, "label", "", "display:contents");
    add(label, "span", axis.name, "");
    const input = add(label, "input", "", "width:100%;min-width:0;margin:0");
    Object.assign(input, {type: "range", min: 0, max: axis.words.length - 1});
    input.value = axis.start;
    return {input, words: axis.words, output: add(label, "output", "", "")};
  });
  const draw = () => {
    const at = sliders.map(slider => +slider.input.value);
    const frame = at[0] + (at[1] || 0) * axes[0].words.length;
    const x = frame % columns * (size[0] + gap), y = Math.floor(frame / columns) * (size[1] + gap);
    picture.style.backgroundPosition = `${-x * scale}px ${-y * scale}px`;
    sliders.forEach(({input, words, output}, i) => {
      output.value = words[at[i]];
      input.setAttribute("aria-valuetext", words[at[i]]);
    });
  };
  sliders.forEach(({input}) => input.addEventListener("input", draw));
  still.hidden = true;
  draw();
}
})()"""


def _directions(axes, columns):
    """Which way each axis runs in the sheet of all frames."""
    ways = ["left to right", "top to bottom"]
    if len(axes) == 1 and columns < len(axes[0].values):
        ways = ["row by row"]
    return "; ".join(
        f"{axis.name} {_range(axis.words())}, {way}" for axis, way in zip(axes, ways, strict=False)
    )


def _range(words):
    return ", ".join(words) if len(words) <= 6 else f"from {words[0]} to {words[-1]}"


def _live(axes, render, title):
    """The ipywidgets form; returns the data of its widget view."""
    import ipywidgets as widgets

    # A column of widgets stretches its children to the page's width unless told otherwise.
    picture = widgets.Image(format="png", layout=widgets.Layout(align_self="flex-start"))
    sliders = [
        widgets.SelectionSlider(
            options=[(word, i) for i, word in enumerate(axis.words())],
            value=axis.start,
            description=axis.name,
            continuous_update=True,
            style={"description_width": "initial"},
        )
        for axis in axes
    ]

    def draw(change=None):
        point = tuple(axis.values[slider.value] for axis, slider in zip(axes, sliders, strict=True))
        image = _render(render, [point])[0]
        scale = _scale(image)
        picture.value = _png(np.kron(image, np.ones((scale, scale))))
        picture.layout.width = f"{scale * image.shape[1]}px"

    for slider in sliders:
        slider.observe(draw, names="value")
    draw()
    box = widgets.VBox([widgets.HTML(f"<strong>{html.escape(title)}</strong>"), picture, *sliders])
    return box._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]


def _render(render, points):
    images = np.asarray(render(points), dtype=float)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3 or len(images) != len(points):
        raise ValueError(
            f"render must return {len(points)} grey images, (n, h, w). Received: {images.shape}."
        )
    return images


def _scale(image):
    """Screen pixels for an image pixel."""
    return -(-WIDTH // max(image.shape))


def _png(image):
    """PNG bytes of a grey image in [0, 1], ink dark on white."""
    from PIL import Image

    grey = np.rint(255 * (1 - np.clip(image, 0, 1))).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "png", optimize=True)
    return buffer.getvalue()
