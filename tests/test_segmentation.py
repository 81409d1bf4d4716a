"""course.segmentation: what a mask looks like, in colour and without."""

import io

import numpy as np
import pytest

from course import segmentation
from course.segmentation import COLOURS, TEXTURES, ZOOM, draw_key, draw_mask_rows, paint_masks

NAMES = ("background", "digit", "disc", "ring", "square", "triangle")


@pytest.fixture
def ax():
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def test_each_pixel_is_painted_in_its_class_alone():
    masks = np.random.default_rng(0).integers(0, 6, (3, 5, 7))
    painted = paint_masks(masks)
    assert painted.shape == (3, 5 * ZOOM, 7 * ZOOM, 3)
    assert painted.min() >= 0 and painted.max() <= 1
    for n, i, j in np.ndindex(masks.shape):
        block = painted[n, i * ZOOM : (i + 1) * ZOOM, j * ZOOM : (j + 1) * ZOOM].reshape(-1, 3)
        light = COLOURS[masks[n, i, j]] / 255
        # A texture darkens a colour and does not change it.
        strength = block @ light / (light @ light)
        np.testing.assert_allclose(block, strength[:, None] * light, atol=1e-12)
        assert set(strength.round(6)) <= {1.0, 0.55}


def test_the_texture_goes_through_neighbouring_pixels():
    """The same place of the picture has the same texture, whatever lies beside it."""
    whole = paint_masks(np.full((1, 6, 6), 3))
    half = np.zeros((1, 6, 6), int)
    half[:, 2:] = 3
    np.testing.assert_array_equal(paint_masks(half)[0, 2 * ZOOM :], whole[0, 2 * ZOOM :])


def test_textures_differ_without_any_colour():
    tiles = paint_masks(np.arange(6)[:, None, None].repeat(12, 1).repeat(12, 2))
    darker = [tile.sum(axis=-1) < tile.sum(axis=-1).max() - 1e-9 for tile in tiles]
    assert not darker[0].any() and not darker[1].any()  # paper and digit, apart in lightness
    for i in range(2, 6):
        assert 0.1 < darker[i].mean() < 0.5
        for j in range(2, i):
            assert np.mean(darker[i] != darker[j]) > 0.15
    grey = COLOURS[:2] @ [0.299, 0.587, 0.114]
    assert abs(grey[0] - grey[1]) > 100


def contrast(a, b):
    """The contrast ratio of the web's accessibility guidelines."""
    scaled = np.array([a, b]) / 255
    linear = np.where(scaled <= 0.04045, scaled / 12.92, ((scaled + 0.055) / 1.055) ** 2.4)
    light, dark = sorted(linear @ [0.2126, 0.7152, 0.0722])[::-1]
    return (light + 0.05) / (dark + 0.05)


def test_every_class_stands_out_from_the_background():
    for colour in COLOURS[1:]:
        assert contrast(colour, COLOURS[0]) > 1.5
    assert len(COLOURS) == len(TEXTURES)


@pytest.mark.parametrize(
    "masks",
    [np.zeros((4, 4), int), np.zeros((2, 4, 4, 1), int), np.zeros((2, 4, 4)), [["a"]]],
)
def test_what_is_no_stack_of_masks_is_refused(masks):
    with pytest.raises(ValueError, match=r"take the argmax first\. Received: shape"):
        paint_masks(masks)


@pytest.mark.parametrize("kind", [-1, 6])
def test_a_class_without_a_colour_is_refused(kind):
    masks = np.zeros((1, 2, 2), int)
    masks[0, 0, 0] = kind
    with pytest.raises(ValueError, match=rf"0 to 5\. Received: classes from .*{kind}"):
        paint_masks(masks)


@pytest.mark.parametrize("shape", [(3, 8, 6), (3, 8, 6, 1)])
def test_rows_of_pictures_and_masks(ax, shape):
    images = np.random.default_rng(0).uniform(size=shape).astype("float32")
    masks = {name: np.full((3, 8, 6), kind) for kind, name in enumerate(("truth", "guess"), 1)}
    assert draw_mask_rows(ax, images, masks, pad=2) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["scene", "truth", "guess"]
    picture = ax.images[0].get_array()
    assert picture.shape == ((3 * 8 + 2 * 2) * ZOOM, (3 * 6 + 2 * 2) * ZOOM, 3)
    for n in range(3):
        left = n * (6 + 2) * ZOOM
        grey = picture[: 8 * ZOOM : ZOOM, left : left + 6 * ZOOM : ZOOM]
        np.testing.assert_allclose(grey[..., 0], images[n].reshape(8, 6), atol=0.5 / 31 + 1e-6)
        assert (grey[..., 0] == grey[..., 2]).all()
        for i, mask in enumerate(masks.values(), 1):
            top = i * (8 + 2) * ZOOM
            part = picture[top : top + 8 * ZOOM, left : left + 6 * ZOOM]
            np.testing.assert_array_equal(part, paint_masks(mask)[n])
    middles = ax.get_yticks() / ZOOM
    np.testing.assert_allclose(middles, [4, 14, 24])


def test_a_mask_of_another_size_is_named(ax):
    with pytest.raises(ValueError, match=r"pictures \(1, 4, 4\).*'guess': \(1, 4, 5\)"):
        draw_mask_rows(ax, np.zeros((1, 4, 4)), {"guess": np.zeros((1, 4, 5), int)})


def test_the_key_shows_each_class_but_the_background(ax):
    assert draw_key(ax, NAMES) is ax
    assert [text.get_text() for text in ax.texts] == list(NAMES[1:])
    for kind, image in enumerate(ax.images, 1):
        np.testing.assert_allclose(image.get_array().max(axis=(0, 1)), COLOURS[kind] / 255)
    ax.figure.savefig(io.BytesIO())


def test_the_colours_are_those_of_the_style():
    import matplotlib

    style = matplotlib.rc_params_from_file(
        str(segmentation.__file__).replace("segmentation.py", "style.mplstyle"),
        use_default_template=False,
    )
    listed = {colour.lower().lstrip("#") for colour in style["axes.prop_cycle"].by_key()["color"]}
    assert {bytes(colour.tolist()).hex() for colour in COLOURS[1:]} <= listed
