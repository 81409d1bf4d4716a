"""How probable are given images under a model with latent variables? Two lower bounds, measured.

Both draw codes z from the encoder and weigh them: w = p(x | z) p(z) / q(z | x). The mean of ln w is
the ELBO. The logarithm of the mean of k weights is the importance-weighted bound (Burda, Grosse &
Salakhutdinov 2016); it is never lower in expectation, and approaches ln p(x) as k grows.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from course.losses import bernoulli_nll, kl_to_standard_normal, require_pixels
from course.quiet import keras
from course.variational import VariationalAutoencoder

MEMORY_MB = 100
COPIES = 9  # float32 arrays as large as the outputs that exist at once, measured


@dataclass(frozen=True)
class Bound:
    """A lower bound of ln p(x), in nats an image.

    Args:
        nats: the mean over the images.
        standard_error: of that mean, as an estimate for all images of this kind: from the spread
            over the images.
        sampling_error: the part of it that more samples would remove: the standard error that comes
            from the codes drawn, for these very images. NaN for one sample.
        per_image: the bound of each image, (n,).
        samples: codes drawn for each image.
    """

    nats: float
    standard_error: float
    sampling_error: float
    per_image: np.ndarray = field(repr=False)
    samples: int

    def __str__(self):
        return f"{self.nats:.2f} ± {self.standard_error:.2f} nats an image"


def elbo(model, images, samples=1, *, seed=0, memory_mb=MEMORY_MB):
    """The evidence lower bound: −(reconstruction + KL), with the KL in closed form.

    Args:
        model: a `VariationalAutoencoder`, or a pair (encoder, decoder) for pixels 0 or 1; the
            encoder gives [z_mean, z_log_var], the decoder logits. β plays no part here.
        images: what the model was made for. State how they were made black and white.
        samples: codes drawn for each image.
        seed: of the draws. Image i gets the same ones whatever the memory.
        memory_mb: about how much the largest step may take, in MB; large steps are split.

    Returns:
        a `Bound`.

    Raises:
        ValueError: if there is no image or no sample, or an encoder gives something else.

    Example:
        >>> print(elbo(vae, xt, samples=10))
        -103.25 ± 0.24 nats an image
    """
    means, log_vars, chunks = _draws(model, images, samples, seed, memory_mb)
    kl = np.asarray(kl_to_standard_normal(means, log_vars), dtype=float)
    total, squares = np.zeros(len(images)), np.zeros(len(images))
    for rows, log_likelihood, _ in chunks:
        total[rows] += log_likelihood.sum(axis=0)
        squares[rows] += (log_likelihood**2).sum(axis=0)
    mean = total / samples
    variance = np.maximum(squares / samples - mean**2, 0) * samples / max(samples - 1, 1)
    return _bound(mean - kl, variance / samples, samples)


def importance_weighted_bound(model, images, samples=50, *, seed=0, memory_mb=MEMORY_MB):
    """ln of the mean of `samples` importance weights, for each image.

    The weights are summed as they come, scaled by the largest so far, so that 5,000 samples need no
    more memory than 50. With one sample it is an ELBO with the KL from the same draw.

    Args:
        model, images, samples, seed, memory_mb: as in `elbo`.

    Returns:
        a `Bound`; its `sampling_error` is by the delta method, so it is only as good as the weights
        are even.

    Raises:
        ValueError: as `elbo`.
    """
    _, _, chunks = _draws(model, images, samples, seed, memory_mb)
    largest = np.full(len(images), -np.inf)
    sums, squares = np.zeros(len(images)), np.zeros(len(images))
    for rows, log_likelihood, log_ratio in chunks:
        log_w = log_likelihood + log_ratio  # (s, b)
        new = np.maximum(largest[rows], log_w.max(axis=0))
        scale = np.exp(largest[rows] - new)
        w = np.exp(log_w - new)
        sums[rows] = sums[rows] * scale + w.sum(axis=0)
        squares[rows] = squares[rows] * scale**2 + (w**2).sum(axis=0)
        largest[rows] = new
    mean = sums / samples
    variance = np.maximum(squares / samples - mean**2, 0) * samples / max(samples - 1, 1)
    return _bound(largest + np.log(mean), variance / samples / mean**2, samples)


def _bound(per_image, sampling_variance, samples):
    n = len(per_image)
    return Bound(
        nats=float(per_image.mean()),
        standard_error=float(per_image.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan,
        sampling_error=float(np.sqrt(sampling_variance.sum()) / n) if samples > 1 else math.nan,
        per_image=per_image,
        samples=samples,
    )


def _draws(model, images, samples, seed, memory_mb):
    """µ and ln σ² of all images, and an iterator of (rows, ln p(x | z), ln p(z) − ln q(z | x))."""
    images = np.asarray(images)
    if images.ndim < 2 or not len(images) or samples < 1:
        raise ValueError(
            "Give at least one image, (n, ...), and at least one sample. "
            f"Received: shape {images.shape}, samples={samples}."
        )
    encoder, decoder, nll = _parts(model, images)
    images = images.astype(encoder.inputs[0].dtype, copy=False)
    means, log_vars = _codes(encoder, images)
    rows_at_once = max(1, int(memory_mb * 1e6 / (COPIES * 4 * math.prod(images.shape[1:]))))
    return (
        means,
        log_vars,
        _chunks(decoder, nll, images, means, log_vars, samples, seed, rows_at_once),
    )


def _chunks(decoder, nll, images, means, log_vars, samples, seed, rows_at_once):
    block = min(len(images), max(1, rows_at_once // min(samples, 50)))
    at_once = max(1, rows_at_once // block)
    for start in range(0, len(images), block):
        rows = slice(start, start + block)
        x, mean, log_var = images[rows], means[rows], log_vars[rows]
        # A generator for each image: what it gets does not depend on how the work is split.
        rngs = [np.random.default_rng([seed, i]) for i in range(start, start + len(x))]
        for done in range(0, samples, at_once):
            s = min(at_once, samples - done)
            epsilon = np.stack([rng.normal(size=(s, mean.shape[1])) for rng in rngs], axis=1)
            z = mean + np.exp(0.5 * log_var) * epsilon  # (s, b, k)
            # ln N(z; 0, I) - ln N(z; µ, σ²); the constants cancel
            log_ratio = 0.5 * (epsilon**2 + log_var - z**2).sum(axis=-1)  # (s, b)
            outputs = decoder(z.reshape(-1, z.shape[-1]).astype(decoder.inputs[0].dtype))
            tiled = np.broadcast_to(x, (s, *x.shape)).reshape(-1, *x.shape[1:])
            log_likelihood = -keras.ops.convert_to_numpy(nll(tiled, outputs)).astype(float)
            yield rows, log_likelihood.reshape(s, len(x)), log_ratio


def _parts(model, images):
    """Encoder, decoder, and the function (x, outputs) -> −ln p(x | z)."""
    if isinstance(model, VariationalAutoencoder):
        if model.likelihood == "bernoulli":
            require_pixels(images)
        return model.encoder, model.decoder, model.negative_log_likelihood
    if isinstance(model, (tuple, list)) and len(model) == 2:
        require_pixels(images)
        return *model, bernoulli_nll
    raise ValueError(
        "Give a VariationalAutoencoder, or the pair (encoder, decoder) of one for pixels 0 or 1. "
        f"Received: {model!r}."
    )


def _codes(encoder, images, batch_size=1000):
    """µ and ln σ² as float64 arrays, (n, k) each."""
    pairs = []
    for start in range(0, len(images), batch_size):
        pair = encoder(images[start : start + batch_size])
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise ValueError("The encoder must give two tensors, [z_mean, z_log_var].")
        pairs.append([keras.ops.convert_to_numpy(tensor).astype(float) for tensor in pair])
    means, log_vars = zip(*pairs, strict=True)
    return np.concatenate(means), np.concatenate(log_vars)
