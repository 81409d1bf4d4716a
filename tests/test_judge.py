"""course.judge: what it reads, and that the cache changes neither it nor what comes after it."""

import numpy as np
import pytest
from chance import draws

from course import judge as module
from course.data.drawn import draw_digits
from course.judge import Judge, build_judge, load_judge
from course.reproducibility import set_seed


@pytest.fixture(scope="module")
def digits():
    """1,500 digits to train on."""
    images, labels = draw_digits(1_500, seed=0)
    return (images / np.float32(255))[..., None], labels.astype(np.int64)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield patch


@pytest.fixture(scope="module")
def trained(digits, cache):
    """A judge that was trained now, and what a chapter draws after it."""
    set_seed(7)
    return load_judge(*digits), draws()


@pytest.fixture(scope="module")
def pointer():
    """A judge without training: it reads which of the first ten pixels is the brightest."""
    import keras
    from keras import layers

    first_ten = layers.Dense(128, use_bias=False, name="features")
    out = layers.Dense(10, use_bias=False)
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), first_ten, out])
    first_ten.set_weights([np.eye(784, 128)])
    out.set_weights([np.eye(128, 10)])
    return Judge(model)


def pointing_at(*digits):
    images = np.zeros((len(digits), 784), "float32")
    images[np.arange(len(digits)), digits] = 1
    return images


def test_it_reads_the_largest_logit(pointer):
    images = pointing_at(3, 0, 9, 3)
    np.testing.assert_array_equal(pointer.read(images), [3, 0, 9, 3])
    np.testing.assert_array_equal(pointer.read(images.reshape(-1, 28, 28, 1)), [3, 0, 9, 3])
    np.testing.assert_array_equal(pointer.read(images.reshape(-1, 28, 28)), [3, 0, 9, 3])
    assert pointer.read(images).dtype == np.int64


def test_a_flip_is_another_digit_and_nothing_else(pointer):
    before, after = pointing_at(1, 2, 4, 4), pointing_at(1, 3, 9, 4)
    after[0] *= 0.3  # paler, but the same digit
    flips = pointer.flips(before, after)
    assert flips.dtype == bool
    np.testing.assert_array_equal(flips, [False, True, True, False])
    with pytest.raises(ValueError, match="as many images before as after: 1, 4"):
        pointer.flips(before[:1], after)


def test_probabilities_are_the_softmax_of_the_logits(pointer):
    images = pointing_at(3, 7)
    images[1] *= 200  # a plain exponential would overflow
    p = pointer.probabilities(images)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(p[0], np.exp(np.eye(10)[3]) / (9 + np.e), rtol=1e-6)
    np.testing.assert_allclose(p[1], np.eye(10)[7], atol=1e-6)


def test_features_are_the_last_hidden_layer(pointer):
    images = np.random.default_rng(0).uniform(size=(5, 784))
    np.testing.assert_allclose(pointer.features(images), images[:, :128], rtol=1e-5)


def test_it_says_which_images_it_reads(pointer):
    for shape in [(784,), (2, 32, 32), (0, 28, 28, 1), (2, 28, 28, 3), ()]:
        with pytest.raises(ValueError, match=r"n, 784\)\. Received: shape \("):
            pointer.read(np.zeros(shape))
    with pytest.raises(ValueError, match=r"divide by 255\. Received: uint8"):
        pointer.read(np.zeros((1, 784), np.uint8))


def test_labels_must_be_digits_that_belong_to_the_images(digits):
    x, y = digits
    for wrong in (y[:-1], y + 1, y - 1, y[:, None], np.eye(10)[y], y + 0.5, y[:0]):
        with pytest.raises(ValueError, match=r"0 to 9 for each of the 1500 images\. Received: "):
            load_judge(x, wrong)


def test_it_learns_to_read(trained):
    images, labels = draw_digits(1_000, seed=1)
    read = trained[0].read(images / 255)
    assert np.mean(read == labels) > 0.75  # 0.83 on these 1,500 digits; chance is 0.1
    shuffled = np.random.default_rng(0).permutation(labels)
    assert np.mean(read == shuffled) < 0.2


def test_from_the_cache_it_is_the_same_judge(trained, digits, cache, capsys):
    judge, then = trained
    with cache.context() as patch:
        patch.setattr(module, "_train", lambda *_: pytest.fail("it was trained a second time"))
        set_seed(7)
        again = load_judge(*digits)
    # Whether it came from the cache must not change what a chapter draws next.
    assert draws() == then
    for a, b in zip(judge._model.get_weights(), again._model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    x = digits[0][:200]
    np.testing.assert_array_equal(judge.probabilities(x), again.probabilities(x))
    np.testing.assert_array_equal(judge.features(x), again.features(x))
    assert capsys.readouterr().out == ""


def test_trained_again_it_is_the_same_whatever_the_seed(trained, digits, tmp_path, cache, capsys):
    with cache.context() as patch:
        patch.setenv("COURSE_CACHE", str(tmp_path))
        set_seed(8)
        again = load_judge(*digits)
    assert f"{module.EPOCHS}/{module.EPOCHS} epochs" in capsys.readouterr().out
    for a, b in zip(trained[0]._model.get_weights(), again._model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_other_data_has_a_judge_of_its_own(digits, monkeypatch):
    x, y = digits
    names = []

    def stored(name, make):
        names.append(name)
        weights = build_judge().get_weights()
        return {f"weight_{i}": weight for i, weight in enumerate(weights)}

    monkeypatch.setattr(module, "load_or_make", stored)
    other = y.copy()
    other[1] = (other[1] + 1) % 10
    for pair in [(x, y), (x[:-1], y[:-1]), (1 - x, y), (x, other), (x, y.astype(np.uint8))]:
        load_judge(*pair)
    monkeypatch.setattr(module, "EPOCHS", 6)
    load_judge(x, y)
    assert names[0] == names[4] and len(set(names)) == 5


def test_it_is_frozen_and_of_the_stated_size(trained):
    judge, _ = trained
    assert judge._model.trainable_variables == []
    sizes = [5 * 5 * 16 + 16, 3 * 3 * 16 * 32 + 32, 7 * 7 * 32 * 128 + 128, 128 * 10 + 10]
    assert judge._model.count_params() == sum(sizes)
    assert judge.features(np.zeros((2, 784))).shape == (2, 128)
