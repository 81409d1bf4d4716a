"""course.baselines.PCA against the singular value decomposition and data of known shape."""

import numpy as np
import pytest

from course.baselines import PCA


@pytest.fixture(scope="module")
def x():
    """Rows of 6 numbers with a large mean and unequal spread."""
    rng = np.random.default_rng(0)
    mixing = np.linalg.qr(rng.normal(size=(6, 6)))[0] * [9, 5, 3, 2, 1, 0.5]
    return 40 + rng.normal(size=(500, 6)) @ mixing.T


@pytest.fixture(scope="module")
def svd(x):
    return np.linalg.svd(x - x.mean(axis=0), full_matrices=False)


def test_directions_and_variances_are_those_of_the_svd(x, svd):
    _, singular, directions = svd
    pca = PCA(x)
    np.testing.assert_allclose(pca.variances, singular**2 / len(x), rtol=1e-4)
    cosines = np.abs(np.sum(pca.components * directions, axis=1))
    np.testing.assert_allclose(cosines, 1, atol=1e-5)
    np.testing.assert_allclose(pca.components @ pca.components.T, np.eye(6), atol=1e-12)


@pytest.mark.parametrize("k", [1, 3, 6])
def test_the_error_is_what_the_left_out_singular_values_hold(x, svd, k):
    error = np.sum((PCA(x).reconstruct(x, k) - x) ** 2)
    np.testing.assert_allclose(error, np.sum(svd[1][k:] ** 2), rtol=1e-4, atol=1e-6)


def test_codes_are_centred_and_uncorrelated(x):
    z = PCA(x).encode(x, 4)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-9)
    covariance = z.T @ z / len(x)
    np.testing.assert_allclose(covariance, np.diag(PCA(x).variances[:4]), atol=1e-3)


def test_no_other_directions_do_better(x):
    rng = np.random.default_rng(1)
    best = np.sum((PCA(x).reconstruct(x, 2) - x) ** 2)
    centred = x - x.mean(axis=0)
    for _ in range(50):
        q = np.linalg.qr(rng.normal(size=(6, 2)))[0]
        assert best < np.sum((centred @ q @ q.T - centred) ** 2)


def test_images_come_back_in_their_shape_and_grey_levels_do_not_wrap():
    images = np.random.default_rng(2).integers(0, 256, (30, 4, 5, 1), dtype=np.uint8)
    pca = PCA(images)
    assert pca.components.shape == (20, 20) and pca.encode(images, 7).shape == (30, 7)
    copies = pca.reconstruct(images, 20)
    assert copies.shape == images.shape
    np.testing.assert_allclose(copies, images, atol=1e-6)


def test_new_rows_use_the_mean_of_the_training_rows(x):
    np.testing.assert_allclose(PCA(x).encode(x[:1], 3), PCA(x).encode(x, 3)[:1])


def test_it_says_what_was_wrong(x):
    with pytest.raises(ValueError, match=r"two rows. Received: shape \(1, 6\)"):
        PCA(x[:1])
    pca = PCA(x)
    for k in (0, 7, -1):
        with pytest.raises(ValueError, match=f"from 1 to 6. Received: {k}"):
            pca.encode(x, k)
    # One row that was not put into a batch would be taken for a column and spread over all pixels.
    for wrong in (x[0], x[:, :5]):
        with pytest.raises(ValueError, match="rows of 6 numbers"):
            pca.encode(wrong, 2)
    for wrong in (np.zeros(3), np.zeros((2, 7))):
        with pytest.raises(ValueError, match="k <= 6"):
            pca.decode(wrong)
