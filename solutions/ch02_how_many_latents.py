# %% [markdown]
# # 2 How many latent variables?
#
# The width of the gap decides what gets through. Too narrow, and a 4 comes out
# as a 9; too wide, and the network no longer has to learn anything.
#
# After this chapter you can
#
# - **choose** a number of latent variables, and say what speaks for it,
# - **read** a latent space as a map, and walk through it,
# - **count** what a narrow code confuses,
# - **show** when an autoencoder has become a mere passthrough,
# - **measure** a code in bits, against JPEG and PNG.

# %% tags=["imports"]
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from course.baselines import PCA
from course.budget import announce, by_budget
from course.compression import jpeg, png_bits, quantise
from course.data import load_digits
from course.display import draw_images, draw_latent_map, draw_rows
from course.exercises import attempt, check
from course.exercises.ch02 import NOTES_2D, NOTES_5D, NOTES_INPUT
from course.gates import gate
from course.judge import load_judge
from course.metrics import mse_per_image
from course.quiet import keras
from course.reproducibility import set_seed
from course.training import Progress, steps_per_epoch, warmup_cosine
from course.widgets import Axis, explore

layers = keras.layers

# %%
SEED = 0
LATENT_DIMS = (2, 5, 10, 32)
BATCH_SIZE = 256
EPOCHS = by_budget(full=15, quick=3)
WIDE_EPOCHS = by_budget(full=8, quick=3)
PEAK = by_budget(full=3e-3, quick=6e-3)  # of the learning rate
LEVELS = 16  # values that a number of the code is rounded to

set_seed(SEED)
plt.style.use("course.style")
announce("ch02_how_many_latents")

# %%
(x_train, y_train), (x_test, y_test) = load_digits()
x, xt = x_train.reshape(-1, 784), x_test.reshape(-1, 784)
pca = PCA(x)
judge = load_judge(x_train, y_train)

# %%
fig, ax = plt.subplots(figsize=(8, 1.8))
draw_images(ax, x_test[:20], columns=10)
plt.show()

# %% [markdown]
# The digits of chapter 1, and its judge, which reads them for us.

# %% [markdown]
# ## One number can be enough
#
# Here are eight pictures of eight pixels: one dot, at eight places. How many
# numbers does it take to say which picture it is?

# %% tags=["nbval-check-output"]
dots = np.eye(8)
position = dots.argmax(axis=1)  # encoder: (8, 8) -> (8,)
copies = np.eye(8)[position]  # decoder: (8,) -> (8, 8)
print("codes", position)
print("error", np.mean((copies - dots) ** 2))

# %% [markdown]
# One: the place. It costs one number, and nothing is lost. And the best
# *linear* code with one number?

# %% tags=["nbval-check-output"]
dots_pca = PCA(dots)
for k in (1, 4, 7):
    error = np.mean((dots_pca.reconstruct(dots, k) - dots) ** 2)
    print(f"PCA-{k}: {error:.4f}")

# %% [markdown]
# PCA needs seven. These pictures lie on a line, but the line is bent, and a
# linear code cannot follow it. This is **dimensionality reduction**: to describe
# data with fewer numbers, one for each direction in which they really vary.
# Digits vary in slant, in width, in boldness, in style. How many directions is
# that? Nobody knows beforehand, so we try.

# %% [markdown]
# ## Bend with more layers
#
# One dense layer each side can bend only a little. Two hidden layers each side
# bend better. The code itself is linear, so its values may be of any size; a
# very light pull towards zero keeps them from spreading further than they need
# to. (Take it out and look at the map further down.)


# %%
def build_deep_autoencoder(latent_dim):
    """784 -> 256 -> 128 -> latent_dim -> 128 -> 256 -> 784."""
    pull = keras.regularizers.L2(1e-4)
    encoder = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(256, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(latent_dim, activity_regularizer=pull),
        ],
        name="encoder",
    )  # (b, 784) -> (b, latent_dim)
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(128, activation="relu"),
            layers.Dense(256, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
        ],
        name="decoder",
    )  # (b, latent_dim) -> (b, 784)
    autoencoder = keras.Sequential([keras.Input((784,)), encoder, decoder])
    return autoencoder, encoder, decoder


# %%
def train(autoencoder, x, epochs, label, jit=True):
    """Fit on the images x, with the input as the label."""
    steps = steps_per_epoch(x, BATCH_SIZE)
    schedule = warmup_cosine(PEAK, epochs, steps)
    autoencoder.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="binary_crossentropy",
        jit_compile=jit,
        steps_per_execution=steps,
    )
    autoencoder.fit(
        x,
        x,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        verbose=0,
        callbacks=[Progress(label)],
    )


# %% [markdown]
# Now four networks that differ in one number only. Guess first: how much worse
# than 32 latent variables are 2?

# %%
encoders, decoders, copies = {}, {}, {}
for latent_dim in LATENT_DIMS:
    set_seed(SEED)
    model, encoder, decoder = build_deep_autoencoder(latent_dim)
    train(model, x, EPOCHS, f"{latent_dim} latent variables")
    encoders[latent_dim], decoders[latent_dim] = encoder, decoder
    copies[latent_dim] = model.predict(xt, batch_size=1000, verbose=0)

# %%
mse = {k: mse_per_image(xt, copies[k]).mean() for k in LATENT_DIMS}
pca_mse = {
    k: mse_per_image(xt, pca.reconstruct(xt, k)).mean() for k in LATENT_DIMS
}
flips = {k: judge.flips(xt, copies[k]).mean() for k in LATENT_DIMS}
pca_flips = {
    k: judge.flips(xt, pca.reconstruct(xt, k)).mean() for k in LATENT_DIMS
}
print("latent    MSE     PCA    flips   PCA flips")
for k in LATENT_DIMS:
    print(
        f"{k:5}   {mse[k]:.4f}  {pca_mse[k]:.4f}  {flips[k]:6.1%}"
        f"   {pca_flips[k]:6.1%}"
    )

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 2.8))
for ax, ours, theirs, unit in (
    (axes[0], mse, pca_mse, "test MSE per pixel"),
    (axes[1], flips, pca_flips, "share of flips"),
):
    ax.plot(LATENT_DIMS, theirs.values(), "--s", label="PCA", color="C1")
    ax.plot(LATENT_DIMS, ours.values(), "-o", label="autoencoder", color="C0")
    ax.set(xlabel="latent variables", ylabel=unit, xscale="log", ylim=(0, None))
    ax.set_xticks(LATENT_DIMS, LATENT_DIMS)
    ax.minorticks_off()
axes[0].legend()
plt.show()

# %% [markdown]
# Left: the error falls with each latent variable, fastest at the start, and
# the autoencoder is below PCA everywhere. Right: with two numbers PCA ruins
# more than half of the digits, the autoencoder far fewer.

# %%
for narrow, wide in pairwise(LATENT_DIMS):
    gate(
        f"{wide} latent variables copy better than {narrow}, MSE ratio",
        mse[wide] / mse[narrow],
        at_most=0.85,  # measured 0.38 to 0.68
    )
gate(
    "the autoencoder is below PCA at every size, largest MSE ratio",
    max(mse[k] / pca_mse[k] for k in LATENT_DIMS),
    at_most=0.9,  # measured 0.68 to 0.70 in full, 0.73 to 0.80 in quick
)
gate(
    "two latent variables flip more than five, ratio",
    flips[2] / flips[5],
    at_least=1.5,  # measured 2.0 to 3.0
)

# %% [markdown]
# ## A hundred digits
#
# Numbers hide what happened, so here are the first hundred test pictures, and
# what is left of them after two and after five latent variables.

# %%
fig, axes = plt.subplots(1, 3, figsize=(9, 3.3))
draw_images(axes[0], xt[:100].reshape(-1, 28, 28), title="input")
draw_images(axes[1], copies[2][:100].reshape(-1, 28, 28), title="2-D code")
draw_images(axes[2], copies[5][:100].reshape(-1, 28, 28), title="5-D code")
plt.show()

# %% [markdown]
# With two numbers most copies still look like a digit, only not always the
# right one: look for a 4 in the first grid that is a 9 in the second. The
# decoder paints what is most likely at that place of its map, and 4 and 9
# share a place.
#
# The lecture notes behind this course print such a grid too. Here is what a
# reader sees in theirs, row by row.

# %% tags=["nbval-check-output"]
print("input       2-D code    5-D code")
grids = (NOTES_INPUT.split(), NOTES_2D.split(), NOTES_5D.split())
for row in zip(*grids, strict=True):
    print("  ".join(row))

# %% [markdown]
# ### Exercise 2.1: count the flips
#
# Two texts come in, with a space between rows. How many digits differ? For
# `"12 34"` and `"12 84"` it is 1.


# %% exercise="2.1"
def count_flips(before, after):
    """Two texts of digits in rows -> the number of places that differ."""
    ### BEGIN SOLUTION
    return sum(a != b for a, b in zip(before, after, strict=True))
    ### END SOLUTION


# %% check="2.1"
check("2.1", count_flips)


# %% mistakes="2.1"
def count_the_same(before, after):
    """this counts what stayed the same."""
    return sum(a == b for a, b in zip(before, after, strict=True))


def count_rows(before, after):
    """this counts rows with a flip. Look at each digit."""
    pairs = zip(before.split(), after.split(), strict=True)
    return sum(a != b for a, b in pairs)


def share(before, after):
    """this is the share of flips. Return how many."""
    digits = len(before.replace(" ", ""))
    return sum(a != b for a, b in zip(before, after, strict=True)) / digits


# %% [markdown]
# ### Exercise 2.2: which digit becomes which?
#
# Return a table of 10 by 10 counts. Row *i*, column *j* holds how often an *i*
# became a *j*; what stayed itself stands on the diagonal. For `"12 34"` and
# `"12 84"` there are ones at [1, 1], [2, 2], [3, 8] and [4, 4].


# %% exercise="2.2"
def flip_table(before, after):
    """Two texts of digits in rows -> counts, an int array (10, 10)."""
    ### BEGIN SOLUTION
    table = np.zeros((10, 10), dtype=int)
    pairs = zip(before.replace(" ", ""), after.replace(" ", ""), strict=True)
    for a, b in pairs:
        table[int(a), int(b)] += 1
    return table
    ### END SOLUTION


# %% check="2.2"
check("2.2", flip_table)


# %% mistakes="2.2"
def transposed(before, after):
    """rows and columns have changed places: the row is the digit before."""
    table = np.zeros((10, 10), dtype=int)
    pairs = zip(before.replace(" ", ""), after.replace(" ", ""), strict=True)
    for a, b in pairs:
        table[int(b), int(a)] += 1
    return table


def flips_only(before, after):
    """the diagonal counts too: digits that stayed themselves."""
    table = np.zeros((10, 10), dtype=int)
    pairs = zip(before.replace(" ", ""), after.replace(" ", ""), strict=True)
    for a, b in pairs:
        table[int(a), int(b)] += a != b
    return table


def ones(before, after):
    """count every pair: add 1 where you set 1."""
    table = np.zeros((10, 10), dtype=int)
    pairs = zip(before.replace(" ", ""), after.replace(" ", ""), strict=True)
    for a, b in pairs:
        table[int(a), int(b)] = 1
    return table


# %%
counts = attempt(
    "After 2.1 and 2.2",
    lambda: (
        count_flips(NOTES_INPUT, NOTES_2D),
        flip_table(NOTES_INPUT, NOTES_2D)[4, 9],
        count_flips(NOTES_INPUT, NOTES_5D),
    ),
)
if counts:
    print(
        f"in the notes: {counts[0]} flips of 100 in 2-D, {counts[1]} of them "
        f"a 4 that became a 9; {counts[2]} in 5-D"
    )

# %%
ours = {k: judge.flips(xt[:100], copies[k][:100]).sum() for k in (2, 5)}
print(
    f"in this notebook, by the judge: {ours[2]} flips of 100 in 2-D, "
    f"{ours[5]} in 5-D"
)

# %% [markdown]
# The slider below shows ten pictures at each width. Move it slowly and watch
# one digit.

# %%
sheets = {"input": xt[:10], **{str(k): copies[k][:10] for k in LATENT_DIMS}}
names = [str(k) for k in LATENT_DIMS] + ["input"]


def ten_digits(points):
    """The sheet of ten pictures for each name. -> (n, 56, 140)"""
    pictures = []
    for (name,) in points:
        rows = sheets[name].reshape(2, 5, 28, 28).swapaxes(1, 2)
        pictures.append(rows.reshape(56, 140))
    return pictures


explore(
    [Axis("latent variables", names, start=0)],
    ten_digits,
    title="Ten digits through codes of different width",
)

# %% [markdown]
# ## The code as a map
#
# Two numbers can be drawn. Each numeral below is a test picture at the place
# where the encoder put it. Remember that the network has never seen a label.

# %%
z = encoders[2].predict(xt, batch_size=1000, verbose=0)  # (n, 784) -> (n, 2)
fig, ax = plt.subplots(figsize=(6.5, 5))
draw_latent_map(ax, z[:2000], y_test[:2000], title="2,000 test digits")
low, high = np.percentile(z, [1, 99], axis=0)
ax.set_xlim(low[0], high[0])
ax.set_ylim(low[1], high[1])
plt.show()

# %% [markdown]
# Digits of a kind have gathered, because pictures that look alike can share
# instructions for the decoder. Where two kinds overlap, the decoder cannot
# tell them apart: these are the flips. The map has borders and empty places,
# and no axis has a name.
#
# What does the decoder paint between two kinds, or where no picture lies? Walk
# through the map.


# %%
def decode_points(points):
    """(z1, z2) pairs -> pictures (n, 28, 28)."""
    pictures = decoders[2].predict(np.array(points), verbose=0)
    return pictures.reshape(-1, 28, 28)


explore(
    [
        Axis("z₁", np.linspace(low[0], high[0], 41)),
        Axis("z₂", np.linspace(low[1], high[1], 41)),
    ],
    decode_points,
    title="What the decoder paints at a place of the map",
)

# %% [markdown]
# Within a kind the picture changes smoothly: slant, width, boldness. At a
# border one digit melts into another. In the empty places there are shapes
# that are no digit at all: nothing in the training asked for sense there.
# Chapter 9 will.

# %% [markdown]
# ## What breaks: the more, the better?
#
# So far each latent variable helped. Then why not 1,024 of them, more than
# there are pixels? Such a code is called **overcomplete**.


# %%
def build_wide_autoencoder(latent_dim):
    """784 -> latent_dim -> 784 with a ReLU, as in chapter 1."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(latent_dim, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
        ]
    )


# %%
set_seed(SEED)
wide = build_wide_autoencoder(1024)
train(wide, x, WIDE_EPOCHS, "1,024 latent variables")
wide_copy = wide.predict(xt, batch_size=1000, verbose=0)
wide_mse = mse_per_image(xt, wide_copy).mean()
print(
    f"1,024 latent variables: MSE {wide_mse:.4f}, "
    f"flips {judge.flips(xt, wide_copy).mean():.1%}"
)

# %% [markdown]
# The best copies of all, after a few epochs. If copying were the aim, we would
# be done. But what has it learned about digits? Ask both networks to copy
# something that is no digit: noise, in the middle where digits have their ink.

# %%
rng = np.random.default_rng(SEED)
noise = np.zeros((1000, 28, 28), dtype="float32")
noise[:, 6:22, 6:22] = rng.uniform(size=(1000, 16, 16))
noise = noise.reshape(-1, 784)
narrow_noise = decoders[32].predict(
    encoders[32].predict(noise, batch_size=1000, verbose=0),
    batch_size=1000,
    verbose=0,
)
wide_noise = wide.predict(noise, batch_size=1000, verbose=0)

# %%
fig, ax = plt.subplots(figsize=(8, 3))
draw_rows(
    ax,
    {
        "noise": noise[:10].reshape(-1, 28, 28),
        "32 latent": narrow_noise[:10].reshape(-1, 28, 28),
        "1,024 latent": wide_noise[:10].reshape(-1, 28, 28),
    },
)
plt.show()

# %% [markdown]
# The narrow network cannot say "noise". It knows strokes only, and answers
# with a tangle of them. The wide one hands the noise through, although it
# never saw any.

# %%
noise_mse = {
    "32": mse_per_image(noise, narrow_noise).mean(),
    "1024": mse_per_image(noise, wide_noise).mean(),
}
print(
    f"MSE on noise: 32 latent {noise_mse['32']:.4f}, "
    f"1,024 latent {noise_mse['1024']:.4f}"
)
gate(
    "the overcomplete net copies noise that it never saw, MSE ratio to 32",
    noise_mse["1024"] / noise_mse["32"],
    at_most=0.75,  # measured 0.40 to 0.55 in both budgets
)

# %% [markdown]
# It has become a **passthrough filter**. An autoencoder that is not
# constrained is not forced to learn anything: to copy everything, one need
# know nothing. (Not quite everything. At the edge of the picture, where no
# digit has ink, nothing was ever asked of it, and there it has not even
# learned to copy.) The gap is what makes it learn. Chapters 5 and 6 show other
# constraints than a narrow gap.

# %% [markdown]
# ## Compression, in bits
#
# The code is shorter than the picture. Is an autoencoder a way to store
# pictures? Numbers of 32 bits would be a waste, so we round each latent
# variable to a few levels.
#
# ### Exercise 2.3: bits of a code
#
# One of *n* levels takes log₂ n bits. How many bits has a whole code? Two
# latent variables at 256 levels take 16.


# %% exercise="2.3"
def code_bits(latent_dim, levels):
    """Bits of a code of latent_dim numbers, each one of `levels` values."""
    ### BEGIN SOLUTION
    return latent_dim * np.log2(levels)
    ### END SOLUTION


# %% check="2.3"
check("2.3", code_bits)


# %% mistakes="2.3"
def natural(latent_dim, levels):
    """this is in nats. Bits use the logarithm to base 2."""
    return latent_dim * np.log(levels)


def one_number(latent_dim, levels):
    """this is one number of the code. There are latent_dim of them."""
    return np.log2(levels)


def as_bytes(latent_dim, levels):
    """this is in bytes. A byte has 8 bits."""
    return latent_dim * np.log2(levels) / 8


def product(latent_dim, levels):
    """this counts levels. How many bits does it take to name one of them?"""
    return latent_dim * levels


# %%
rounded_mse = {}
bits_of = {k: k * np.log2(LEVELS) for k in LATENT_DIMS}
for k in LATENT_DIMS:
    train_codes = encoders[k].predict(x[:10000], batch_size=1000, verbose=0)
    ends = np.percentile(train_codes, [0.5, 99.5], axis=0)
    test_codes = encoders[k].predict(xt, batch_size=1000, verbose=0)
    rounded = quantise(test_codes, *ends, LEVELS)
    again = decoders[k].predict(rounded, batch_size=1000, verbose=0)
    rounded_mse[k] = mse_per_image(xt, again).mean()
    print(
        f"{k:3} latent at {LEVELS} levels: {bits_of[k]:4.0f} bits, "
        f"MSE {rounded_mse[k]:.4f} (unrounded {mse[k]:.4f})"
    )

# %%
jpeg_points = []
for quality in (1, 5, 10, 20, 30, 50, 75, 95):
    bits, decoded = jpeg(x_test[:1000], quality)
    error = mse_per_image(x_test[:1000, ..., 0], decoded).mean()
    jpeg_points.append((bits, error))
png = png_bits(x_test[:1000])
print(
    f"JPEG: from {jpeg_points[0][0]:.0f} bits at MSE "
    f"{jpeg_points[0][1]:.4f} to {jpeg_points[-1][0]:.0f} bits"
)
print(f"PNG, without loss: {png:.0f} bits; raw: {784 * 8} bits")

# %%
fig, ax = plt.subplots(figsize=(6.5, 3))
ax.plot(
    bits_of.values(),
    rounded_mse.values(),
    "-o",
    label=f"code, {LEVELS} levels",
)
ax.plot(*zip(*jpeg_points, strict=True), "--s", label="JPEG, shared header")
ax.axvline(png, color="C2", linestyle=":", label="PNG, no loss")
ax.set(
    xscale="log",
    yscale="log",
    xlabel="bits per image",
    ylabel="test MSE per pixel",
)
ax.legend()
plt.show()

# %% [markdown]
# At the coarsest JPEG's error the code takes about half its bits. Before you
# found a company: JPEG stores *any* picture, the decoder here has seen
# nothing but digits; the decoder itself weighs about a megabyte and has to be
# at the other end; and nothing here reaches the error of a good JPEG, let
# alone the zero of PNG.

# %%
smallest_jpeg, jpeg_error = jpeg_points[0]
cheaper = [bits_of[k] for k in LATENT_DIMS if rounded_mse[k] <= jpeg_error]
gate(
    "for its own kind of picture the code is shorter than JPEG at an error "
    "no larger, ratio of bits",
    min(cheaper, default=np.inf) / smallest_jpeg,
    at_most=0.8,  # measured 0.54 to 0.55
)

# %% [markdown]
# ### Question 2.4
#
# "The more latent variables, the better." Give one measurement from this
# chapter that supports it, one that speaks against it, and say what you would
# ask before choosing a number.

# %% [markdown] written="2.4" points=3
# For: the MSE and the flips fall with every step from 2 to 32 latent
# variables, and in the notes' grid nine flips become none.
#
# Against: the network with 1,024 has the smallest error and copies noise as
# well. It has learned to pass things through, not what digits are. A small
# error on the data alone is no proof of a good code.
#
# Before choosing, ask what the code is for. To store pictures: how many bits
# may one cost, and which error is allowed? To look at: two. To find oddities:
# narrow enough that what is odd does not get through. The choice needs a
# measure that is not the training loss.

# %% [markdown]
# ## Homework 2: a passthrough, and a cure
#
# Show that the overcomplete network is a passthrough on data of *another
# kind*, of your own choice: stripes, a chessboard, digits with their quarters
# swapped, clothes (`load_digits("fashion")`). Keep to the middle of the
# picture, where digits have their ink. Then constrain the network so that it
# still has 1,024 latent variables, still copies digits better than PCA-32, but
# copies your other data clearly worse than before. Noise on the input while
# training (with `jit=False`, which is faster there), a penalty on the code
# (`activity_regularizer`) and dropout on the code are three ways.
#
# Return three numbers: the MSE on test digits, the MSE on the other data
# without the constraint (`wide` is that network), and the same with it.


# %% homework="2" points=8 title="a passthrough, and a cure"
def constrain_the_passthrough(x, xt, wide, epochs):
    """-> (digits_mse, other_mse_before, other_mse_after)."""
    ### BEGIN SOLUTION
    rows, columns = np.mgrid[:16, :16]
    stripes = np.zeros((500, 28, 28), dtype="float32")
    for i, angle in enumerate(np.linspace(0, np.pi, 500)):
        along = np.cos(angle) * columns + np.sin(angle) * rows
        stripes[i, 6:22, 6:22] = np.sin(along) > 0
    stripes = stripes.reshape(-1, 784)
    set_seed(SEED)
    noise_on_input = layers.GaussianNoise(0.5)  # acts while training only
    model = keras.Sequential(
        [keras.Input((784,)), noise_on_input, build_wide_autoencoder(1024)]
    )
    train(model, x, epochs, "1,024 latent, noise on the input", jit=False)
    errors = [
        mse_per_image(data, net.predict(data, batch_size=500, verbose=0))
        for data, net in ((xt, model), (stripes, wide), (stripes, model))
    ]
    return tuple(float(error.mean()) for error in errors)
    ### END SOLUTION


# %%
cure = attempt(
    "Homework 2", constrain_the_passthrough, x, xt, wide, WIDE_EPOCHS
)
if cure:
    print(
        f"digits {cure[0]:.4f} (PCA-32 {pca_mse[32]:.4f}); "
        f"other data {cure[1]:.4f} before, {cure[2]:.4f} after"
    )
    print("still better than PCA-32 on digits:", cure[0] < pca_mse[32])
    print(f"times the error on the other data: {cure[2] / cure[1]:.1f}")

# %% [markdown]
# ## Summary
#
# - The number of latent variables decides how much gets through.
# - Data that vary along a few bent directions need few numbers, if the
#   encoder can bend; PCA cannot.
# - Two numbers make a map. On it, look-alikes overlap: a 4 becomes a 9.
# - An autoencoder without a constraint can become a passthrough: its error is
#   small, and it was not forced to learn anything.
# - For its own kind of picture a code is shorter than JPEG; for others it is
#   useless.
#
# **Open questions.** What if the gap is wide but something else constrains the
# code? (Chapters 5 and 6.) How could the empty places of the map be filled?
# (Chapter 9.)
#
# **References.** Hinton and Salakhutdinov 2006, *Reducing the dimensionality
# of data with neural networks*. Vincent et al. 2010, *Stacked denoising
# autoencoders*, on overcomplete codes. Wallace 1992, *The JPEG still picture
# compression standard*.
