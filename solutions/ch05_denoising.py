# %% [markdown]
# # 5 Denoising, occlusion, inpainting
#
# An autoencoder that gets a spoilt picture and must give back the clean one
# cannot hand its input through. The noise does what a narrow gap did before.
#
# After this chapter you can
#
# - **spoil** pictures on purpose, with a seed, and never in place,
# - **train** a denoiser, and a control that shows what the training did,
# - **compare** it with what one would use without a network,
# - **diagnose** a network that answers everything with black,
# - **fill in** what was covered, and use the knowledge of where it was.

# %% tags=["imports"]
import random

import matplotlib.pyplot as plt
import numpy as np

from course import restoration
from course.budget import announce, by_budget
from course.corruption import (
    band_masks,
    blur,
    gaussian_noise,
    hide,
    random_masks,
    salt_and_pepper,
)
from course.data import load_digits
from course.display import draw_histogram, draw_rows
from course.exercises import attempt, check
from course.exercises.challenge import find_challenge, levels_panel, score_panel
from course.gates import gate
from course.judge import load_judge
from course.metrics import mse_per_image, psnr
from course.panels import show, show_source
from course.quiet import keras
from course.reproducibility import set_seed
from course.training import Progress, steps_per_epoch, warmup_cosine
from course.widgets import Axis, explore

layers = keras.layers

# %%
SEED = 0
SIGMA = 0.5  # of the noise, in grey levels from 0 to 1
UNITS = 1024  # of the hidden layer, more than there are pixels
BATCH_SIZE = by_budget(full=256, quick=128)
JIT = by_budget(full=True, quick=False)  # a short training is not worth it
ROWS = by_budget(full=60_000, quick=15_000)  # training images
TEST = by_budget(full=10_000, quick=4_000)  # test images
EPOCHS = by_budget(full=6, quick=3)
PEAK = 3e-3  # of the learning rate
SMALL = by_budget(full=5_000, quick=2_500)  # training images of the small nets
FEW = by_budget(full=300, quick=100)  # test images for the slow methods

set_seed(SEED)
plt.style.use("course.style")
announce("ch05_denoising")

# %%
(x_train, y_train), (x_test, y_test) = load_digits()
judge = load_judge(x_train, y_train)
x, x_test, y_test = x_train[:ROWS], x_test[:TEST], y_test[:TEST]
clean_read = np.mean(judge.read(x_test) == y_test)
print(f"share of clean test digits that the judge reads: {clean_read:.3f}")

# %% [markdown]
# ## A filter, learned
#
# A signal is −1 or 1 for three samples in a row. Noise adds or takes .5 from
# each sample. We look for three weights that give the middle sample back from
# the three noisy ones. Nobody tells them to average. What will they be?

# %% tags=["nbval-check-output"]
signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, 8).T
noisy = np.concatenate([1 + 0.5 * signs, -1 + 0.5 * signs])  # (16, 3)
clean = np.repeat([1.0, -1.0], 8)  # (16,)
weights = np.linalg.lstsq(noisy, clean, rcond=None)[0]
print("weights", weights.round(3))
print("error of one noisy sample", np.mean((noisy[:, 1] - clean) ** 2))
print("error of the filter", np.mean((noisy @ weights - clean) ** 2).round(3))

# %% [markdown]
# They average, because that is what the clean signal has in common with its
# noisy copies. And they stay below ⅓: to pull towards the mean of all signals
# costs a little on each, and saves more on the noise. A **denoiser** is such a
# filter, learned from pairs (spoilt, clean). A network can do what no linear
# filter can: another filter for each picture.

# %% [markdown]
# ## Spoil on purpose
#
# We need pairs, and we have clean pictures. So we spoil them ourselves. The
# function is short, and says what matters: chance comes from a seed, the
# result stays in [0, 1], and the input is left alone.

# %%
show_source(gaussian_noise)

# %%
six = x_test[:8]
spoilt = {
    "clean": six,
    "noise, σ .5": gaussian_noise(six, 0.5, seed=1),
    "salt, pepper .3": salt_and_pepper(six, 0.3, seed=1),
    "blur, 1.5 pixels": blur(six, 1.5),
    "tape": hide(six, band_masks(six.shape, seed=1)),
    "half hidden": hide(six, random_masks(six.shape, 0.5, seed=1), 0.0),
}
fig, ax = plt.subplots(figsize=(7, 5))
draw_rows(ax, spoilt)
plt.show()

# %% [markdown]
# Noise changes each pixel on its own. Blur mixes neighbours. Tape and masks
# take pixels away altogether: there, nothing but the rest of the picture can
# tell what was underneath.

# %% [markdown]
# ## The network
#
# In chapter 2 a layer of 1,024 units became a mere passthrough. Here is the
# same layer again, with no narrow gap at all. The data are new in each
# epoch: the same digits, but noise that never comes twice.


# %%
def build_denoiser(units):
    """(28, 28, 1) -> units -> (28, 28, 1)."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),  # (b, units), the code
            layers.Dense(784, activation="sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )


# %%
class SpoiltPairs(keras.utils.PyDataset):
    """Batches (spoilt, clean) in random order, spoilt anew in each epoch."""

    def __init__(self, images, spoil, seed):
        super().__init__()
        self.images, self.spoil = images, spoil
        self.rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def on_epoch_end(self):
        self.order = self.rng.permutation(len(self.images))

    def __len__(self):
        return steps_per_epoch(self.images, BATCH_SIZE)

    def __getitem__(self, i):
        batch = self.order[i * BATCH_SIZE : (i + 1) * BATCH_SIZE]
        clean = self.images[batch]
        return self.spoil(clean, self.rng), clean


# %%
def train_to_restore(model, images, spoil, epochs, label, seed=0):
    """Fit on pairs (spoil(clean), clean)."""
    pairs = SpoiltPairs(images, spoil, seed)
    model.compile(
        optimizer=keras.optimizers.Adam(
            warmup_cosine(PEAK, epochs, len(pairs))
        ),
        loss="binary_crossentropy",
        jit_compile=JIT,
        steps_per_execution=len(pairs),
    )
    model.fit(pairs, epochs=epochs, verbose=0, callbacks=[Progress(label)])


def restore_with(model, images):
    return model.predict(images, batch_size=1000, verbose=0)


# %% [markdown]
# Two networks, alike in everything but their input: one gets noisy pictures,
# the **control** gets clean ones and learns to copy. Will the control, which
# knows digits so well, throw the noise out?


# %%
def with_noise(images, seed):
    return gaussian_noise(images, SIGMA, seed=seed)


def as_it_is(images, seed):
    return images


set_seed(SEED)
denoiser = build_denoiser(UNITS)
train_to_restore(
    denoiser, x, with_noise, EPOCHS, "denoiser, trained on noisy digits", SEED
)
set_seed(SEED)
control = build_denoiser(UNITS)
train_to_restore(
    control, x, as_it_is, EPOCHS, "control, trained on clean digits", SEED
)

# %% [markdown]
# ## Against what one would use without a network
#
# - **Identity**: leave the picture alone.
# - **Median**: the middle value of each 3×3 window.
# - **Wiener**: the mean of each window, where it varies no more than noise.
# - **Linear**: the filter from the start of this chapter with 784 pixels
#   instead of three, learned from pairs like the network.
# - **Non-local means**: the mean of places that look alike. It takes
#   milliseconds for each picture, so it gets the first few hundred only.


# %%
def learn_linear_filter(noisy, clean):
    """Least squares from all pixels (and a one) to all pixels."""
    a = np.pad(noisy.reshape(len(noisy), -1), ((0, 0), (0, 1)))
    a[:, -1] = 1
    gram = a.T @ a + 1e-3 * np.eye(a.shape[1], dtype=a.dtype)
    kernel = np.linalg.solve(gram, a.T @ clean.reshape(len(clean), -1))

    def restore(images):
        flat = images.reshape(len(images), -1)
        restored = flat @ kernel[:-1] + kernel[-1]
        return np.clip(restored, 0, 1).reshape(images.shape)

    return restore


linear = learn_linear_filter(with_noise(x[:20_000], SEED + 1), x[:20_000])

# %%
noisy = with_noise(x_test, SEED + 2)
restored = {
    "identity": noisy,
    "median": restoration.median(noisy),
    "Wiener": restoration.wiener(noisy, size=3),
    "non-local means": restoration.non_local_means(noisy[:FEW], SIGMA),
    "linear": linear(noisy),
    "control": restore_with(control, noisy),
    "denoiser": restore_with(denoiser, noisy),
}


# %%
def compare(restored, clean, digits, judge):
    """Print a table; -> dicts of MSE and of the share that the judge reads."""
    mse, read = {}, {}
    print(f"{'':17} images     MSE      PSNR   judge reads")
    for name, images in restored.items():
        n = len(images)
        mse[name] = float(mse_per_image(clean[:n], images).mean())
        read[name] = float(np.mean(judge.read(images) == digits[:n]))
        print(
            f"{name:17} {n:6}   {mse[name]:.4f}   {psnr(mse[name]):4.1f} dB"
            f"      {read[name]:.3f}"
        )
    return mse, read


mse, read = compare(restored, x_test, y_test, judge)

# %%
fig, ax = plt.subplots(figsize=(8, 5.6))
rows = {name: images[:10] for name, images in restored.items()}
rows = {"clean": x_test[:10], **rows}
rows["error"] = np.abs(rows["denoiser"] - x_test[:10])
draw_rows(ax, {"noisy" if k == "identity" else k: v for k, v in rows.items()})
plt.show()

# %% [markdown]
# The filters from the textbook trade noise for smudges: they know nothing of
# digits. The control hands the noise through, as chapter 2 would have it. The
# denoiser draws clean strokes. Its last row, the error, is an outline: it is
# unsure *where exactly* a stroke ends, hardly ever whether there is one.

# %%
gate(
    "a net trained on clean digits fails on noise, MSE ratio to the denoiser",
    mse["control"] / mse["denoiser"],
    at_least=1.7,  # measured full 3.0 to 3.4, quick 2.4 to 5.2
)
# measured full .10 to .11, .31 to .33, .21 to .23, .70 to .71;
# quick .13 to .15, .41 to .45, .28 to .32, .94 to .96
for name, bound in (
    ("identity", 0.25),
    ("median", 0.6),
    ("Wiener", 0.5),
    ("linear", by_budget(full=0.85, quick=1.0)),
):
    gate(
        f"the denoiser beats {name}, MSE ratio",
        mse["denoiser"] / mse[name],
        at_most=bound,
    )
gate(
    "the denoiser beats non-local means on the same images, MSE ratio",
    mse_per_image(x_test[:FEW], restored["denoiser"][:FEW]).mean()
    / mse["non-local means"],
    at_most=0.5,  # measured full .24 to .26, quick .32 to .35
)
gate(
    "the judge reads the restored digits, share of what it reads when clean",
    read["denoiser"] / clean_read,
    # measured full .973 MNIST and .961 drawn; quick .935 to .946
    at_least=by_budget(full=0.945, quick=0.91),
)

# %% [markdown]
# ## What the code makes of noise
#
# A picture and its noisy copy show the same digit. How far apart are their
# codes? We measure the distance in units of the distance between two
# different pictures: 0 means that the code ignores the noise, 1 that a noisy
# 7 is as far from its clean self as from any other digit.


# %%
def latent_shift(model, clean, noisy):
    """How far noise moves the code, in distances between pictures. -> (n,)"""
    encoder = keras.Sequential([keras.Input((28, 28, 1)), *model.layers[:2]])
    z = encoder.predict(clean, batch_size=1000, verbose=0)  # (n, units)
    z_noisy = encoder.predict(noisy, batch_size=1000, verbose=0)
    between = np.linalg.norm(z - np.roll(z, 1, axis=0), axis=1).mean()
    return np.linalg.norm(z_noisy - z, axis=1) / between


shift = {
    "denoiser": latent_shift(denoiser, x_test[:2000], noisy[:2000]),
    "control": latent_shift(control, x_test[:2000], noisy[:2000]),
}

# %%
fig, ax = plt.subplots(figsize=(6.5, 2.6))
draw_histogram(ax, shift, label="shift of the code, in distances of pictures")
ax.set_xlim(0, None)
plt.show()

# %% [markdown]
# After the full training the denoiser's codes stay closer to home than the
# control's: its encoder has learned to look past noise. This is why a denoising
# autoencoder is also used to learn features (chapter 7), not only to clean
# pictures. It is learned late: after the few epochs of the quick budget the
# two hills still lie about where they began, one on the other.

# %%
for name, values in shift.items():
    print(f"{name:9} median shift {np.median(values):.2f}")
gate(
    "noise moves the denoiser's codes less (in quick: not yet), shift ratio",
    np.median(shift["denoiser"]) / np.median(shift["control"]),
    # measured full .60 to .64; quick 1.10 to 1.15 MNIST, 1.03 drawn
    at_most=by_budget(full=0.8, quick=1.3),
)

# %% [markdown]
# ## How much noise?
#
# The network was trained at one level of noise, σ = .5. Guess: where is it
# at its best against the median filter, and is there a level at which one had
# better leave the picture alone?

# %%
sigmas = np.round(np.arange(0, 1.01, 0.1), 1)
curves = {"identity": [], "median": [], "denoiser": []}
for sigma in sigmas:
    images = gaussian_noise(x_test[:1000], sigma, seed=SEED + 3)
    methods = (
        images,
        restoration.median(images),
        restore_with(denoiser, images),
    )
    for name, output in zip(curves, methods, strict=True):
        curves[name].append(mse_per_image(x_test[:1000], output).mean())

# %%
fig, ax = plt.subplots(figsize=(6.5, 3))
for (name, values), look in zip(
    curves.items(), (":^", "--s", "-o"), strict=True
):
    ax.plot(sigmas, values, look, label=name)
ax.axvline(SIGMA, color="0.6", linewidth=1)
ax.text(SIGMA + 0.01, 0.185, "trained here")
ax.set(xlabel="σ of the noise", ylabel="MSE per pixel", ylim=(0, 0.2))
ax.legend()
plt.show()

# %% [markdown]
# From its own level on, the network is far ahead. With hardly any noise it is
# better to leave the picture alone: the network redraws every stroke, needed
# or not. A denoiser for all levels must have seen all levels.

# %%
gate(
    "with twice the noise of the training it still beats the median, MSE ratio",
    curves["denoiser"][-1] / curves["median"][-1],
    at_most=0.8,  # measured full .49 to .50, quick .63 to .67
)
gate(
    "without noise it is worse than no filter at all, MSE",
    curves["denoiser"][0],
    at_least=0.01,  # measured full .022, quick .043 to .047
)

# %% [markdown]
# The sliders below spoil four digits in ways that the network has and has not
# seen. Above: spoilt. Middle: median filter. Below: the denoiser.

# %%
STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
KINDS = {
    "noise": lambda images, s: gaussian_noise(images, s, seed=4),
    "salt and pepper": lambda images, s: salt_and_pepper(images, s, seed=4),
    "blur": lambda images, s: blur(images, 4 * s),
}


def three_rows(points):
    """Spoilt, median, denoised, for each (strength, kind). -> (n, 84, 112)"""
    pictures = []
    for strength, kind in points:
        images = KINDS[kind](x_test[:4], strength)
        stack = (
            images,
            restoration.median(images),
            restore_with(denoiser, images),
        )
        rows = [np.concatenate(list(part[..., 0]), axis=1) for part in stack]
        pictures.append(np.concatenate(rows))
    return np.array(pictures)


explore(
    [Axis("strength", STRENGTHS, start=2), Axis("kind", tuple(KINDS), start=0)],
    three_rows,
    title="Four digits: spoilt, median filter, denoiser",
)

# %% [markdown]
# A little salt and pepper is noise of another kind, and the network copes. Blur
# is not noise, and there is nothing to throw out. The network takes the grey
# for ink that noise has thinned, and paints it bold: the hole of the 0 closes.
# It has learned to undo what it saw.

# %% [markdown]
# ## From blurry to clear
#
# Old photographs are blurred, and a little noisy. The noise is what makes
# them hard: a known blur alone can be undone by division (in the Fourier
# domain), but the division blows the noise up. Wiener's answer is to divide
# only as far as the noise allows. We grant it the exact width of the blur,
# and the best of four settings.


# %%
def old_photograph(images, seed):
    return gaussian_noise(blur(images, 1.5), 0.1, seed=seed)


set_seed(SEED)
sharpener = build_denoiser(UNITS)
train_to_restore(
    sharpener, x, old_photograph, EPOCHS, "trained on blurred digits", SEED
)

# %%
blurred = old_photograph(x_test[:2000], SEED + 4)
tries = [
    restoration.deblur(blurred, 1.5, balance)
    for balance in (0.01, 0.02, 0.05, 0.1)
]
best = min(tries, key=lambda t: mse_per_image(x_test[:2000], t).mean())
sharp = {
    "identity": blurred,
    "Wiener, division": best,
    "network": restore_with(sharpener, blurred),
}
sharp_mse, sharp_read = compare(sharp, x_test, y_test, judge)

# %%
fig, ax = plt.subplots(figsize=(7, 3))
rows = {name: images[:10] for name, images in sharp.items()}
draw_rows(ax, {"clean": x_test[:10], **rows})
plt.show()

# %% [markdown]
# The division sharpens strokes and makes rings around them. The network draws
# them without rings, and its pixels are closer to the truth. Look at the
# judge's column before you choose: a smaller error need not be easier to
# read. The division keeps faith with *this* picture, rings and all; the
# network paints what such a blur is on average.

# %%
gate(
    "for blurred digits the network beats Wiener's division, MSE ratio",
    sharp_mse["network"] / sharp_mse["Wiener, division"],
    at_most=0.92,  # measured full .47 to .52, quick .79 to .83
)

# %% [markdown]
# ## What breaks: the all-black trap
#
# Now a convolutional network, the error as the loss, a sigmoid at the end:
# each choice is reasonable. Watch the loss.


# %%
def build_small_conv_denoiser(output="sigmoid", bias=0.0):
    """(28, 28, 1) -> (7, 7, 32) -> (28, 28, 1)."""
    same = dict(padding="same", activation="relu")
    up = layers.Conv2DTranspose
    last = dict(strides=2, padding="same", activation=output)
    first_bias = keras.initializers.Constant(bias)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, strides=2, **same),  # (b, 14, 14, 16)
            layers.Conv2D(32, 3, strides=2, **same),  # (b, 7, 7, 32)
            up(32, 3, strides=2, **same),  # (b, 14, 14, 32)
            up(1, 3, bias_initializer=first_bias, **last),  # (b, 28, 28, 1)
        ]
    )


# %%
def train_small(model, noisy, clean, loss, rate, label, test=None):
    """Three epochs. -> the losses of the epochs; on test pairs, if given."""
    model.compile(keras.optimizers.Adam(rate), loss=loss, jit_compile=False)
    history = model.fit(
        noisy,
        clean,
        epochs=3,
        batch_size=len(clean) // 40,  # about 40 steps an epoch
        validation_data=test,
        verbose=0,
        callbacks=[Progress(label)],
    )
    return history.history["val_loss" if test else "loss"]


# %%
small, small_test = x_train[:SMALL], x_test[:1000]
small_noisy = with_noise(small, SEED)
test_noisy = with_noise(small_test, SEED + 5)
test_pairs = (test_noisy, small_test)
set_seed(SEED)
trapped = build_small_conv_denoiser()
trapped_losses = train_small(
    trapped, small_noisy, small, "mse", 3e-3, "MSE, sigmoid", test_pairs
)
answer = np.clip(restore_with(trapped, test_noisy), 0, 1)
black = float(np.mean(small_test**2))  # the MSE of a black picture
print("test MSE after each epoch", np.round(trapped_losses, 4))
print(f"MSE of all-black pictures {black:.4f}")
print(f"largest value in {answer.size:,} output pixels {answer.max():.1e}")

# %%
fig, ax = plt.subplots(figsize=(7, 2.2))
draw_rows(
    ax,
    {
        "clean": small_test[:10],
        "noisy": test_noisy[:10],
        "answer": answer[:10],
    },
)
plt.show()

# %% [markdown]
# The answer to every picture is nothing. (Our figures show ink dark, so
# "all black" of the usual display is white here.) The loss fell, no error was
# raised, and it will stay there for as long as you train.
#
# ### How to see it in the first epoch
#
# Not by the shape of the loss curve: it looks like learning that has slowed
# down. Compare the loss on test pictures with a number that you know *before*
# training: the error of black pictures, the mean of x². A loss that lies on it
# after the first epoch, to three digits, is no coincidence. (The training loss
# is a mean over the epoch, and gets there an epoch later.)
#
# ### Exercise 5.1: how far from black?
#
# Return the error of the copies as a share of the error that black would
# make, over all images: 1 is as bad as black, 0 is perfect. For a picture
# `[1, 0, 0, 0]` and its copy `[.5, 0, 0, 0]` it is .25.


# %% exercise="5.1"
def share_of_black(x, x_hat):
    """Images and copies of the same shape -> MSE, in units of black's MSE."""
    ### BEGIN SOLUTION
    return np.mean((x - x_hat) ** 2) / np.mean(x**2)
    ### END SOLUTION


# %% check="5.1"
check("5.1", share_of_black)


# %% mistakes="5.1"
def plain_error(x, x_hat):
    """this is the error itself. Divide it by the error of black."""
    return np.mean((x - x_hat) ** 2)


def against_mean(x, x_hat):
    """this compares with the mean of x. Black is 0 everywhere."""
    return np.mean((x - x_hat) ** 2) / np.var(x)


def upside_down(x, x_hat):
    """the fraction is upside down: black's error goes below."""
    return np.mean(x**2) / np.mean((x - x_hat) ** 2)


def rooted(x, x_hat):
    """this is a ratio of root errors. Leave the root out."""
    return np.sqrt(np.mean((x - x_hat) ** 2) / np.mean(x**2))


# %% [markdown]
# ### What the loss rewards
#
# At the start every output is about .5. Four pixels of five are black, so the
# quickest way to a smaller loss is to lower *all* outputs: one number does
# it, the last bias. By the time the network could begin to tell stroke from
# ground, the sigmoid is far down its flat end. Ask what each loss then says
# to a pixel that should be ink.
#
# ### Exercise 5.2: the slope at a logit
#
# The output is s = 1 / (1 + e⁻ᵃ) for a logit *a*. Give the derivative of the
# loss of one pixel by *a*: for `"mse"`, (s − x)²; for `"bce"`,
# −x log s − (1 − x) log(1 − s). At a = 0 and x = 1 they are −.25 and −.5.


# %% exercise="5.2"
def slope_at_logit(a, x, loss):
    """Logit(s) a, target(s) x, "mse" or "bce" -> d loss / d a, as a."""
    ### BEGIN SOLUTION
    s = 1 / (1 + np.exp(-a))
    return 2 * (s - x) * s * (1 - s) if loss == "mse" else s - x
    ### END SOLUTION


# %% check="5.2"
check("5.2", slope_at_logit)


# %% mistakes="5.2"
def without_sigmoid(a, x, loss):
    """this is the slope by s. Times ds/da, which is s (1 − s)."""
    s = 1 / (1 + np.exp(-a))
    return 2 * (s - x) if loss == "mse" else (s - x) / (s * (1 - s))


def half(a, x, loss):
    """the square gives a factor of 2."""
    s = 1 / (1 + np.exp(-a))
    return (s - x) * s * (1 - s) if loss == "mse" else s - x


def uphill(a, x, loss):
    """the sign is the other one: s above x means a positive slope."""
    s = 1 / (1 + np.exp(-a))
    return 2 * (x - s) * s * (1 - s) if loss == "mse" else x - s


def swapped(a, x, loss):
    """the two losses have changed places."""
    s = 1 / (1 + np.exp(-a))
    return 2 * (s - x) * s * (1 - s) if loss == "bce" else s - x


# %% tags=["nbval-check-output"]
def losses_of_ink(a):
    """MSE and BCE of one pixel of ink, for a logit a. -> (2,)"""
    s = 1 / (1 + np.exp(-a))
    return np.array([(s - 1) ** 2, -np.log(s)])


print("logit   slope of MSE   slope of BCE, for a pixel of ink")
for a in (0, -2, -5, -10):
    slopes = (losses_of_ink(a + 1e-4) - losses_of_ink(a - 1e-4)) / 2e-4
    print(f"{a:5}       {slopes[0]:+.5f}       {slopes[1]:+.5f}")

# %% [markdown]
# At a logit of −10 the MSE pulls with a ten-thousandth of a slope, whatever
# the picture: the output is wrong by a full grey level, and the loss says that
# all is well, because behind the sigmoid nothing moves. The BCE pulls with
# full force.
#
# ### Three ways out, and two that are none
#
# Each line below changes one thing. Which will work?

# %%
LINE = {  # loss, output, first bias, learning rate
    "BCE as the loss": ("binary_crossentropy", "sigmoid", 0.0, 3e-3),
    "linear output": ("mse", "linear", 0.0, 3e-3),
    "bias starts at −2": ("mse", "sigmoid", -2.0, 3e-3),
    "learning rate .001": ("mse", "sigmoid", 0.0, 1e-3),
    "warm-up": ("mse", "sigmoid", 0.0, warmup_cosine(3e-3, 3, 40)),
}
answers = {"as above": answer}
for name, (loss, output, bias, rate) in LINE.items():
    set_seed(SEED)
    model = build_small_conv_denoiser(output, bias)
    train_small(model, small_noisy, small, loss, rate, name)
    answers[name] = np.clip(restore_with(model, test_noisy), 0, 1)
escape = {
    name: np.mean((copies - small_test) ** 2) / black
    for name, copies in answers.items()
}

# %%
fig, ax = plt.subplots(figsize=(6.5, 2.6))
places = np.arange(len(escape))[::-1]
ax.barh(places, escape.values(), color="C0", height=0.6)
for place, value in zip(places, escape.values(), strict=True):
    ax.text(value + 0.01, place, f"{value:.3f}", va="center")
ax.set_yticks(places, escape)
ax.set(xlabel="test MSE, in units of an all-black picture", xlim=(0, 1.15))
plt.show()

# %% [markdown]
# - **BCE**: its slope does not die with the sigmoid.
# - **A linear output**: there is no flat end. (Clip when you look.)
# - **A first bias at the data's mean**: a sigmoid of −2 is .12, about the mean
#   pixel. What black would earn is earned before the first step, and nothing
#   pushes all outputs down together.
# - A smaller learning rate and a warm-up are the usual advice, and here they
#   are none: they walk into the same trap more slowly.

# %%
for name in ("as above", "learning rate .001", "warm-up"):
    gate(
        f"{name}: the answer is black, share of black's MSE",
        escape[name],
        at_least=0.97,  # measured 1.000 to 1.001
    )
for name in ("BCE as the loss", "linear output", "bias starts at −2"):
    gate(
        f"{name}: out of the trap, share of black's MSE",
        escape[name],
        at_most=0.4,  # measured .14 to .25
    )

# %% [markdown]
# ### Question 5.4
#
# A friend's denoiser for photographs of stars reports a loss of .0021 after
# the first epoch, .0020 after the second, and .0020 ever after. The pictures
# are nearly all dark. What do you ask for first, what else do you look at, and
# what do you change if you were right?

# %% [markdown] written="5.4" points=3
# First ask for the mean of x² over the training pictures: if it is .0020, the
# network is worth as much as a black picture. A small number alone says
# nothing, because black is nearly right on such pictures.
#
# Then look at the outputs: their largest value (near 0?) and whether the
# answers to two different pictures differ at all. Or take the share of
# black's error per picture.
#
# If so: the BCE instead of the MSE, or a linear output, or a last bias that
# starts at the logit of the mean pixel. Not a smaller learning rate: the slope
# behind the flat sigmoid is gone, however long the steps.

# %% [markdown]
# ## Tape over the picture
#
# The lecture notes behind this course ask for a network that restores digits
# with two rows painted over. Their function is kept here as it was, as a
# museum piece.


# %%
def occlude_from_the_notes(images):
    occluded = copy.deepcopy(images)  # noqa: F821  (this fault is kept)
    for i in range(len(images)):
        x = random.randint(0, 25)
        occluded[i][x] = 1.0
        occluded[i][x + 1] = 1.0
    print("occluded", len(images), "images")
    return occluded


# %% tags=["nbval-check-output"]
try:
    occlude_from_the_notes(np.zeros((3, 28, 28)))
except NameError as error:
    print("NameError:", error)
reached = set()
for _ in range(10_000):
    x_drawn = random.randint(0, 25)
    reached |= {x_drawn, x_drawn + 1}
print("rows that it can never reach:", sorted(set(range(28)) - reached))

# %% [markdown]
# Four faults: an import is missing; with x from 0 to 25 the last row is never
# covered, so the network is never asked about it; it prints on each call,
# which is once a batch; and it cannot be repeated, since the chance comes from
# nowhere. (A fifth, small one: a loop over 60,000 pictures.)
#
# ### Exercise 5.3: mend it
#
# The chance comes in from outside, one number in [0, 1) for each picture, so
# that the caller can seed it: `np.random.default_rng(0).random(n)`. Divide
# [0, 1) evenly among *all* places for two rows, from the top down, and paint
# them 1 in a copy. In pictures of 4 rows there are three places; .0, .5
# and .99 give the rows (0, 1), (1, 2) and (2, 3). Try it without a loop.


# %% exercise="5.3"
def occlude(images, chance):
    """images (n, h, w), chance (n,) in [0, 1) -> copies with two rows at 1."""
    ### BEGIN SOLUTION
    h = images.shape[1]
    top = np.floor(chance * (h - 1)).astype(int)[:, np.newaxis]
    row = np.arange(h)
    taped = (row == top) | (row == top + 1)  # (n, h)
    return np.where(taped[:, :, np.newaxis], 1.0, images)
    ### END SOLUTION


# %% check="5.3"
check("5.3", occlude)


# %% mistakes="5.3"
def never_last(images, chance):
    """the last row is never reached. How many places are there for two rows?"""
    n, h, _ = images.shape
    copies = images.copy()
    for i in range(n):
        top = int(chance[i] * (h - 2))
        copies[i, top : top + 2] = 1
    return copies


def one_place_too_many(images, chance):
    """at the bottom only one row is painted: two rows have h − 1 places."""
    n, h, _ = images.shape
    copies = images.copy()
    for i in range(n):
        top = int(chance[i] * h)
        copies[i, top : top + 2] = 1
    return copies


def rounded(images, chance):
    """rounding gives the two ends half their share. Cut off instead."""
    n, h, _ = images.shape
    copies = images.copy()
    for i in range(n):
        top = round(chance[i] * (h - 2))
        copies[i, top : top + 2] = 1
    return copies


def one_for_all(images, chance):
    """every picture has its tape at the same place. Use each one's chance."""
    copies = images.copy()
    top = int(chance[0] * (images.shape[1] - 1))
    copies[:, top : top + 2] = 1
    return copies


def columns_taped(images, chance):
    """these are columns. Axis 1 holds the rows."""
    copies = images.copy()
    for i in range(len(images)):
        left = int(chance[i] * (images.shape[2] - 1))
        copies[i, :, left : left + 2] = 1
    return copies


# %% [markdown]
# Now the network. It is not told where the tape is.


# %%
def with_tape(images, seed):
    return hide(images, band_masks(images.shape, 2, seed=seed))


set_seed(SEED)
untaper = build_denoiser(UNITS)
train_to_restore(untaper, x, with_tape, EPOCHS, "trained on taped digits", SEED)

# %% [markdown]
# Two classical methods are told where it is: **row interpolation** draws a
# straight line down each column from the row above to the row below, and
# **biharmonic inpainting** finds the smoothest surface through what is known.

# %%
masks = band_masks(x_test.shape, 2, seed=SEED + 6)  # (n, 28, 28) bool
taped = hide(x_test, masks)
filled = {
    "identity": taped,
    "median, 5×5": restoration.median(taped, 5),
    "network, blind": restore_with(untaper, taped),
    "row interpolation": restoration.interpolate_rows(taped, masks),
    "biharmonic": restoration.biharmonic(taped[:FEW], masks[:FEW]),
}
tape_mse, tape_read = compare(filled, x_test, y_test, judge)

# %%
fig, ax = plt.subplots(figsize=(8, 4.6))
rows = {name: images[:10] for name, images in filled.items()}
rows = {"clean": x_test[:10], **rows}
rows["network's error"] = np.abs(rows["network, blind"] - x_test[:10])
draw_rows(ax, {"taped" if k == "identity" else k: v for k, v in rows.items()})
plt.show()

# %% [markdown]
# The network finds the tape by itself and takes it off. And yet it loses to a
# straight line between two rows, by its error. The last row of the figure
# shows why: its errors are all over the picture, not under the tape. It
# redraws what it could have kept. The straight line touches nothing but the
# two rows, because somebody told it which they are.

# %%
for name in ("identity", "median, 5×5"):
    gate(
        f"the blind network beats {name}, MSE ratio",
        tape_mse["network, blind"] / tape_mse[name],
        at_most=0.2,  # measured full .04 to .07, quick .08 to .13
    )
gate(
    "the judge reads what was taped, share of what it reads when clean",
    tape_read["network, blind"] / clean_read,
    # measured full .994 to .995, quick .983 to .989
    at_least=by_budget(full=0.982, quick=0.97),
)
gate(
    "knowing where the tape is, a straight line beats the blind network",
    tape_mse["row interpolation"] / tape_mse["network, blind"],
    at_most=0.8,  # measured full .60, quick .29 to .33
)

# %% [markdown]
# ## Masks
#
# To fill in what is missing, knowing where, is called **inpainting**; the
# knowledge is a **mask**. Tape is a thin mask. Here half, and then three
# quarters of all pixels are hidden at random. Column by column there is
# little left to draw a line between; the smoothest surface still has
# neighbours on all sides.

# %%
few = x_test[:100]
for share in (0.5, 0.75):
    holes = random_masks(few.shape, share, seed=SEED)
    seen = hide(few, holes, 0.0)
    inpainted = {
        "identity": seen,
        "blind network": restore_with(untaper, seen),
        "columns": restoration.interpolate_rows(seen, holes),
        "biharmonic": restoration.biharmonic(seen, holes),
    }
    print(f"{share:.0%} hidden")
    hole_mse, hole_read = compare(inpainted, few, y_test, judge)

# %%
fig, ax = plt.subplots(figsize=(7, 3.6))
rows = {name: images[:10] for name, images in inpainted.items()}
names = {"identity": "three quarters hidden"}
rows = {names.get(name, name): images for name, images in rows.items()}
draw_rows(ax, {"clean": few[:10], **rows})
plt.show()

# %% [markdown]
# With a quarter of the pixels the smooth surface gives back digits that one
# can read. The network that knows tape has never seen holes, and does not
# mend them: once more, it has learned to undo what it saw.

# %%
gate(
    "three quarters hidden: a smooth surface beats lines in columns, MSE ratio",
    hole_mse["biharmonic"] / hole_mse["columns"],
    at_most=0.5,  # measured .28 to .35
)

# %% [markdown]
# ## Homework 5: denoising occluded digits
#
# This homework is a *challenge*: it is scored by what your network achieves.
# Whatever you build, your function returns another function, which takes
# occluded pictures and gives them back restored. The budget is given: these
# pictures, and so many epochs. The reference reaches all points with it, in
# less than a minute.
#
# Nobody checks that it is a network. If you can do it without, do.

# %%
challenge = find_challenge("5")
show(levels_panel(challenge))

# %% [markdown]
# What do people score who do nothing, or always the same?

# %%
given = challenge.questions(x_test)  # {"occluded": (n, 28, 28, 1)}
cheats = {
    "the input": given["occluded"],
    "black": np.zeros_like(x_test),
    "the mean image": np.broadcast_to(x_train.mean(axis=0), x_test.shape),
    "this chapter's network": restore_with(untaper, given["occluded"]),
}
points = {}
for name, images in cheats.items():
    score = challenge.score(images, x_test, y_test, judge.read)
    points[name] = score.points
    print(f"{name:22} {score.points} of {score.possible} points")


# %% homework="5" points=8 title="train a network that takes the tape off"
def build_restorer(x_train, epochs):
    """-> a function of occluded images (n, 28, 28, 1) that restores them."""
    ### BEGIN SOLUTION
    set_seed(SEED)
    model = build_denoiser(UNITS)
    train_to_restore(model, x_train, with_tape, epochs, "homework 5")

    def restore(occluded):
        # Tape is a row of ones. What it does not cover is known: keep it.
        under_tape = (occluded == 1).all(axis=2, keepdims=True)
        guess = model.predict(occluded, batch_size=1000, verbose=0)
        return np.where(under_tape, guess, occluded)

    return restore
    ### END SOLUTION


# %%
restorer = attempt("Homework 5", build_restorer, x, EPOCHS)
if restorer:
    score = challenge.score(restorer(**given), x_test, y_test, judge.read)
    show(score_panel(challenge, score))

# %% [markdown]
# ### Bonus: beat the straight line
#
# Now the mask comes with the picture. Use it well, and the straight line,
# which beat this chapter's network, is left behind. Three hints: known pixels
# need no network; what lies far from the tape says little about what is
# under it; and the loss should ask for nothing but the hidden rows.

# %%
bonus = find_challenge("5b")
show(levels_panel(bonus))


# %% homework="5b" points=3 title="inpaint with a known mask"
def build_inpainter(x_train, epochs):
    """-> a function of occluded images and masks that restores them."""

    ### BEGIN SOLUTION
    def near_tape(images, masks):
        """Twelve rows around each tape, tape black. -> (n, 12, 28)"""
        dark = hide(images, masks, 0.0)[..., 0]
        dark = np.pad(dark, ((0, 0), (5, 5), (0, 0)))
        rows = masks[:, :, :1].argmax(axis=1) + np.arange(12)  # (n, 12)
        return np.take_along_axis(dark, rows[:, :, np.newaxis], axis=1)

    set_seed(SEED)
    dense = [layers.Dense(512, activation="relu") for _ in range(2)]
    last = layers.Dense(56, activation="sigmoid")
    model = keras.Sequential([layers.Flatten(), *dense, last])
    model.compile("adam", "binary_crossentropy", jit_compile=True)
    for epoch in range(epochs):  # the same digits, another tape each time
        masks = band_masks(x_train.shape, 2, seed=SEED + epoch)
        under = x_train[masks].reshape(-1, 56)
        model.fit(near_tape(x_train, masks), under, BATCH_SIZE, verbose=0)

    def restore(occluded, masks):
        restored = occluded.copy()
        guess = model.predict(near_tape(occluded, masks), verbose=0)
        restored[masks] = guess.reshape(-1, 1)
        return restored

    return restore
    ### END SOLUTION


# %%
inpainter = attempt("Homework 5b", build_inpainter, x, EPOCHS)
if inpainter:
    shown = bonus.questions(x_test)  # {"occluded": ..., "masks": (n, 28, 28)}
    score = bonus.score(inpainter(**shown), x_test, y_test, judge.read)
    show(score_panel(bonus, score))

# %% [markdown]
# ## Summary
#
# - A denoising autoencoder gets a spoilt picture and is asked for the clean
#   one. It cannot pass its input through, so it needs no narrow gap.
# - The control shows that the training on noise did it, not the network.
# - Compare with the identity, a median, a Wiener filter, a straight line. For
#   thin tape the straight line is better than a network that does not know
#   where to look.
# - A denoiser undoes what it saw. Other levels and other kinds are a gamble.
# - A loss that settles on the error of a black picture is a trap, not slow
#   learning. Know that number before you train.
#
# **Open questions.** What if nobody has clean pictures to train on? (Noise2Noise
# trains on pairs of noisy ones.) What does a denoiser at *every* level of noise
# know about the data? (Diffusion models are made of it.) Can the penalty sit on
# the code instead of noise on the input? (Chapter 6.)
#
# **References.** Vincent et al. 2008, *Extracting and composing robust features
# with denoising autoencoders*. Buades, Coll and Morel 2005, *A non-local
# algorithm for image denoising*. Damelin and Hoang 2018, *On surface completion
# and image inpainting by biharmonic functions*. Lehtinen et al. 2018,
# *Noise2Noise*.
