"""A variational autoencoder that `fit` trains, and a small one of dense layers."""

import math

from course.layers.sampling import Sampling
from course.losses import bernoulli_nll, gaussian_nll, kl_to_standard_normal
from course.quiet import keras

ops = keras.ops

LIKELIHOODS = ("bernoulli", "gaussian")


@keras.saving.register_keras_serializable("course")
class VariationalAutoencoder(keras.Model):
    """Train an encoder and a decoder on reconstruction + β · KL, in nats per image.

    loss = E[−ln p(x | z)] + β · KL(q(z | x) ‖ N(0, I)), with one z drawn for each image and step.
    With β = 1 it is the negative ELBO (Kingma & Welling 2014; β: Higgins et al. 2017). Train it
    with `compile(optimizer)` and `fit(x)`: the images are their own targets. `fit` reports `loss`,
    `reconstruction` and `kl`, each a mean over the images. Called, it copies: it decodes the mean
    code, without chance.

    Args:
        encoder: images -> [z_mean, z_log_var], each (batch, k).
        decoder: z (batch, k) -> the logits of the pixels ("bernoulli"), or their means
            ("gaussian"), in the shape of the images.
        likelihood: "bernoulli" for pixels 0 or 1; "gaussian" for any number, with one spread
            for all pixels.
        beta: the weight of the KL, at least 0.
        sigma: of the Gaussian; None learns it, as the weight `log_var`.
        seed: of the chance; None takes one from Keras' own generator.

    Shapes:
        (batch, ...) -> the same.

    Raises:
        ValueError: if the parts do not fit each other, or a setting is out of range.

    Example:
        >>> vae = build_mlp_vae(latent_dim=2)
        >>> vae.compile("adam", jit_compile=True)
        >>> history = vae.fit(x, epochs=10)
    """

    def __init__(
        self, encoder, decoder, likelihood="bernoulli", beta=1.0, sigma=None, seed=None, **kwargs
    ):
        super().__init__(**kwargs)
        if likelihood not in LIKELIHOODS:
            raise ValueError(
                f"likelihood must be one of {', '.join(LIKELIHOODS)}. Received: {likelihood!r}."
            )
        if not (beta >= 0 and math.isfinite(beta)):
            raise ValueError(f"beta must be a number, at least 0. Received: {beta}.")
        if sigma is not None and (likelihood != "gaussian" or not 0 < sigma < math.inf):
            raise ValueError(
                'sigma must be above 0, and belongs to likelihood="gaussian". Received: '
                f"sigma={sigma}, likelihood={likelihood!r}."
            )
        self.latent_dim = _latent_dim(encoder, decoder)
        self.encoder, self.decoder = encoder, decoder
        self.likelihood, self.beta, self.sigma, self.seed = likelihood, beta, sigma, seed
        self.sampling = Sampling(seed)
        self.reconstruction_tracker = keras.metrics.Mean("reconstruction")
        self.kl_tracker = keras.metrics.Mean("kl")
        if likelihood == "gaussian":
            self.log_var = self.add_weight(
                shape=(),
                initializer=keras.initializers.Constant(2 * math.log(sigma or 1.0)),
                trainable=sigma is None,
                name="log_var",
            )
        self.built = True  # both parts are; a subclass may still add layers

    def call(self, x):
        z_mean, _ = self.encoder(x)
        return self.mean_image(self.decoder(z_mean))

    def mean_image(self, outputs):
        """What the decoder's outputs mean as pixels: probabilities of ink, or means."""
        return ops.sigmoid(outputs) if self.likelihood == "bernoulli" else outputs

    def decode(self, z):
        """Codes -> images, in batches. (n, k) -> (n, ...) as a NumPy array."""
        outputs = self.decoder.predict(z, batch_size=1000, verbose=0)
        return ops.convert_to_numpy(self.mean_image(outputs))

    def negative_log_likelihood(self, x, outputs):
        """−ln p(x | z) of each image, in nats, from what the decoder made of z. -> (batch,)."""
        if self.likelihood == "bernoulli":
            return bernoulli_nll(x, outputs)
        return gaussian_nll(x, outputs, self.log_var.value)

    def costs(self, x, training=False):
        """Reconstruction and KL of each image, in nats, for one draw of z. -> two of (batch,)."""
        z_mean, z_log_var = self.encoder(x, training=training)
        z = self.sampling([z_mean, z_log_var])
        reconstruction = self.negative_log_likelihood(x, self.decoder(z, training=training))
        return reconstruction, kl_to_standard_normal(z_mean, z_log_var)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Reconstruction + β · KL (+ what layers add), the mean over the images of the batch."""
        if y is not None or sample_weight is not None or getattr(self, "loss", None):
            raise ValueError(
                "A variational autoencoder has its own loss, and the images are its targets: write "
                "compile(optimizer) and fit(x), with no loss, no y and no weights. For "
                "validation_data give the images alone."
            )
        reconstruction, kl = self.costs(x, training=training)
        # Weighted by the batch, as Keras weights the loss: the last batch may be smaller.
        n = ops.shape(x)[0]
        reconstruction, kl = ops.mean(reconstruction), ops.mean(kl)
        self.reconstruction_tracker.update_state(reconstruction, sample_weight=n)
        self.kl_tracker.update_state(kl, sample_weight=n)
        return reconstruction + self.beta * kl + sum(self.losses)

    def get_config(self):
        return super().get_config() | {
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "likelihood": self.likelihood,
            "beta": self.beta,
            "sigma": self.sigma,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        parts = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("encoder", "decoder")
        }
        return cls(**config | parts)


def build_mlp_vae(latent_dim, width=256, pixels=784, hidden=2, **settings):
    """A VAE of dense layers for flat images: pixels -> hidden layers -> a cloud, and back.

    Args:
        latent_dim: k, latent variables.
        width: units of a hidden layer.
        pixels: numbers of an image.
        hidden: hidden layers, on each side.
        settings: what `VariationalAutoencoder` takes.

    Returns:
        a VariationalAutoencoder; its parts are `encoder` and `decoder`.
    """
    layers = keras.layers
    image = h = keras.Input((pixels,))
    for _ in range(hidden):
        h = layers.Dense(width, activation="relu")(h)  # (b, width)
    z_mean = layers.Dense(latent_dim, name="z_mean")(h)  # (b, k)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(h)  # (b, k)
    encoder = keras.Model(image, [z_mean, z_log_var], name="encoder")

    z = h = keras.Input((latent_dim,))
    for _ in range(hidden):
        h = layers.Dense(width, activation="relu")(h)  # (b, width)
    outputs = layers.Dense(pixels, name="pixels")(h)  # (b, pixels), logits or means
    decoder = keras.Model(z, outputs, name="decoder")
    return VariationalAutoencoder(encoder, decoder, **settings)


def _latent_dim(encoder, decoder):
    """k, after a look at whether encoder and decoder fit each other."""
    for name, part in (("encoder", encoder), ("decoder", decoder)):
        if not isinstance(part, keras.Model) or not getattr(part, "inputs", None):
            raise ValueError(
                f"{name} must be a Keras model with a known input: start it with keras.Input(...). "
                f"Received: {part!r}."
            )
    shapes = encoder.output_shape
    pair = isinstance(shapes, list) and len(shapes) == 2 and tuple(shapes[0]) == tuple(shapes[1])
    if not pair or len(shapes[0]) != 2:
        raise ValueError(
            "The encoder must have two outputs of one shape, [z_mean, z_log_var], each (batch, k). "
            f"Received: {shapes}."
        )
    if tuple(decoder.input_shape) != tuple(shapes[0]):
        raise ValueError(
            f"The decoder must take the encoder's code, {shapes[0]}. "
            f"Received: a decoder for {decoder.input_shape}."
        )
    if decoder.output_shape != encoder.input_shape:
        raise ValueError(
            f"The decoder must return the shape of the images, {encoder.input_shape}. "
            f"Received: {decoder.output_shape}."
        )
    return shapes[0][-1]
