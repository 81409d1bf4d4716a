# %% [markdown]
# # 6 Tied, sparse, contractive
#
# A narrow gap is one way to forbid mere copying. Here are three others: share
# the weights, let few units speak, let small changes not matter.
#
# After this chapter you can
#
# - **tie** a decoder to its encoder, and say what that costs,
# - **write** the L1, the KL and the contractive penalty, with their units,
# - **read** filters, activation histograms and the spectrum of a Jacobian,
# - **catch** a network that fools its penalty,
# - **place** any autoencoder in the family, by its constraint and its use.

# %% tags=["imports"]
import tempfile
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from course.baselines import PCA
from course.budget import announce, by_budget
from course.data import load_digits
from course.display import draw_images, draw_rows, draw_weights
from course.exercises import attempt, check
from course.gates import gate
from course.judge import load_judge
from course.layers import DenseTranspose
from course.metrics import mse_per_image
from course.panels import show_source
from course.penalties import (
    ContractiveDense,
    KLSparsity,
    contraction,
    dense_contraction,
    jacobian,
    rate_divergence,
)
from course.quiet import keras
from course.reproducibility import set_seed
from course.training import fit

layers = keras.layers
L1 = keras.regularizers.L1

# %%
SEED = 0
CODE = 256  # units of the wide codes; PCA would need no more to copy well
ROWS = by_budget(full=60_000, quick=15_000)  # training images
BATCH_SIZE = by_budget(full=256, quick=128)
EPOCHS = by_budget(full=8, quick=4)
JIT = by_budget(full=True, quick=False)  # a short training is not worth it
RATE = 0.05  # the wanted mean activation of a sparse unit
KL_STRENGTH = 3e-3
L1_STRENGTH = 3e-4
CONTRACTION = 3e-4
# Learning rates that suit the activations; a sigmoid's slope is 1/4 at most.
PEAKS = {"linear": 5e-3, "relu": 5e-3, "sigmoid": 2e-2}

set_seed(SEED)
plt.style.use("course.style")
announce("ch06_tied_sparse_contractive")

# %%
(x_train, y_train), (x_test, y_test) = load_digits()
x, xt = x_train[:ROWS].reshape(-1, 784), x_test.reshape(-1, 784)
pca = PCA(x)
judge = load_judge(x_train, y_train)

# %%
fig, ax = plt.subplots(figsize=(8, 1.8))
draw_images(ax, x_test[:20], columns=10)
plt.show()

# %% [markdown]
# The digits of the other chapters.
#
# In chapter 2 a code of 1,024 numbers copied everything, noise too, and had
# learned nothing about digits. A code need not be narrow to prevent that. It
# only has to be *constrained*.

# %% [markdown]
# ## Tied: one kernel, used twice
#
# An encoder multiplies by a kernel *W*. Must the decoder learn a kernel of its
# own? Here are three pixels and a code of two. Encode with *W*, and decode with
# *W* turned over, its **transpose**.

# %% tags=["nbval-check-output"]
W = np.array([[0.6, 0.0], [0.8, 0.0], [0.0, 1.0]])  # (3 pixels, 2 units)
for picture in ([0.6, 0.8, 1.0], [1.0, 0.0, 0.0]):
    z = (picture @ W).round(2)  # (3,) -> (2,)
    print("code", z, "again", (z @ W.T).round(2))  # (2,) -> (3,)

# %% [markdown]
# The first picture comes back, the second does not. Each column of *W* is a
# pattern. The encoder asks how much of it is in the picture; the decoder paints
# as much of it again. That is what PCA does, and PCA is the best linear code.
#
# Keras has no such layer. The version that circulates was written for Keras 2
# and raises an error on Keras 3. The course has its own: it borrows the kernel
# of a dense layer and adds a bias.


# %%
def build_pair(code_layers, tied, output="sigmoid"):
    """784 -> code -> 784. The first of code_layers is a Dense. Tied: the
    decoder uses its kernel."""
    dense = code_layers[0]
    encoder = keras.Sequential([keras.Input((784,)), *code_layers])
    last = (
        DenseTranspose(dense, activation=output)
        if tied
        else layers.Dense(784, activation=output)
    )
    decoder = keras.Sequential([keras.Input((dense.units,)), last])
    autoencoder = keras.Sequential([keras.Input((784,)), encoder, decoder])
    return autoencoder, encoder, decoder


# %% tags=["nbval-check-output"]
tied, encoder, decoder = build_pair([layers.Dense(32)], tied=True)
for weight in tied.trainable_weights:
    print(f"{weight.name:7} {tuple(weight.shape)}")

# %% [markdown]
# One kernel and two biases. How many numbers is that?
#
# ### Exercise 6.1: count what a tied network trains
#
# A deep network may be tied as well: the decoder goes the way back and uses
# each kernel turned over. For the widths `[4, 3, 2]` it is 4 → 3 → 2 → 3 → 4.
# The kernels have 4·3 + 3·2 = 18 weights; the biases are 3 + 2 on the way there
# and 3 + 4 on the way back: 30 numbers.


# %% exercise="6.1"
def tied_count(widths):
    """[inputs, ..., code] -> how many numbers the tied network trains."""
    ### BEGIN SOLUTION
    kernels = sum(a * b for a, b in pairwise(widths))
    return kernels + sum(widths[1:]) + sum(widths[:-1])
    ### END SOLUTION


# %% check="6.1"
check("6.1", tied_count)


# %% mistakes="6.1"
def untied_count(widths):
    """each kernel is counted twice. The decoder has none of its own."""
    kernels = sum(a * b for a, b in pairwise(widths))
    return 2 * kernels + sum(widths[1:]) + sum(widths[:-1])


def kernels_only(widths):
    """these are the kernels alone. Each layer has a bias, both ways."""
    return sum(a * b for a, b in pairwise(widths))


def no_biases_back(widths):
    """the decoder's biases are missing: it shares kernels, not biases."""
    kernels = sum(a * b for a, b in pairwise(widths))
    return kernels + sum(widths[1:])


def same_biases_twice(widths):
    """a layer has one bias for each of its outputs. What are the decoder's?"""
    kernels = sum(a * b for a, b in pairwise(widths))
    return kernels + 2 * sum(widths[1:])


# %%
kernels = [w for w in tied.trainable_weights if w.name == "kernel"]
gate(
    "784-32-784, tied, has 25,904 parameters, surplus",
    tied.count_params() - 25_904,
    at_least=0,
    at_most=0,
)
gate("and one kernel, count", len(kernels), at_least=1, at_most=1)

# %% [markdown]
# Chapter 1's network had 50,992. The kernel has two masters now. In which
# direction does training push it? To find out, make an **untied copy** with the
# same numbers, and compare the gradients.


# %%
def gradients(model, images):
    """The gradient of the BCE of the copies, for each trainable weight."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = keras.losses.binary_crossentropy(images, model(images))
    found = tape.gradient(loss, model.trainable_weights)
    return [gradient.numpy() for gradient in found]


# %%
untied, _, _ = build_pair([layers.Dense(32)], tied=False)
kernel, bias, back_bias = tied.get_weights()
untied.set_weights([kernel, bias, kernel.T, back_bias])
ours, _, _ = gradients(tied, xt[:100])
there, _, back, _ = gradients(untied, xt[:100])  # (784, 32) and (32, 784)
gate(
    "the tied gradient is the sum of both uses, largest gap to largest value",
    np.abs(ours - (there + back.T)).max() / np.abs(ours).max(),
    at_most=1e-5,  # float32; measured below 1e-6
)
print(f"way there {np.abs(there).max():.4f}, back {np.abs(back).max():.4f}")

# %% [markdown]
# The chain rule adds what both uses ask for. Nothing else is needed, so `fit`
# works as always. Saving works too, and what is loaded is still tied.

# %% tags=["nbval-check-output"]
with tempfile.TemporaryDirectory() as folder:
    path = f"{folder}/tied.keras"
    tied.save(path)
    again = keras.models.load_model(path)
print(f"{again.count_params():,} parameters after loading")
same = np.array_equal(again.get_weights()[0], kernel)
print("the same kernel:", same)

# %%
show_source(DenseTranspose)

# %% [markdown]
# ### What does it cost, what does it bring?
#
# Half the parameters: is that half the quality? Guess for three kinds of code
# with 32 numbers: linear, ReLU, sigmoid.


# %%
BCE = "binary_crossentropy"


def fit_copies(model, x, epochs, peak, label, *callbacks, loss=BCE, seen=None):
    """Train to copy x. The model may see something else than x."""
    fit(
        model,
        x if seen is None else seen,
        x,
        epochs=epochs,
        peak=peak,
        label=label,
        loss=loss,
        batch_size=BATCH_SIZE,
        jit_compile=JIT,
        callbacks=callbacks,
    )


# %%
def outputs(model, images):
    return np.asarray(model(images))  # all at once: for dense nets it fits


def copy_error(model, images, seen=None):
    """Mean MSE per pixel. The model may see something else than what it is
    to copy."""
    copies = outputs(model, images if seen is None else seen)
    return mse_per_image(images, copies).mean()


# %%
cases = [("linear", "tied")]
cases += [(a, kind) for a in ("relu", "sigmoid") for kind in ("tied", "untied")]
small, small_mse, silent = {}, {}, {}
for case in cases:
    activation, kind = case
    linear = activation == "linear"
    set_seed(SEED)
    model, encoder, _ = build_pair(
        [layers.Dense(32, activation=activation)],
        tied=kind == "tied",
        output="linear" if linear else "sigmoid",
    )
    loss = "mse" if linear else BCE
    label = ", ".join(case)
    fit_copies(model, x, EPOCHS, PEAKS[activation], label, loss=loss)
    small[case] = encoder.layers[0].kernel.numpy()  # (784, 32)
    small_mse[case] = copy_error(model, xt)
    silent[case] = np.mean(outputs(encoder, xt) == 0)

# %%
pca_mse = mse_per_image(xt, pca.reconstruct(xt, 32)).mean()
mean_mse = mse_per_image(xt, np.tile(x.mean(axis=0), (len(xt), 1))).mean()
print(f"PCA-32: {pca_mse:.4f}    test MSE per pixel, and share of zeros")
for (activation, kind), mse in small_mse.items():
    zeros = silent[activation, kind]
    print(f"{activation:8} {kind:7} {mse:.4f}  {zeros:4.0%} of the code is 0")

# %% [markdown]
# Three answers to one question.
#
# - **Linear**: it costs nothing. The best linear decoder *is* a transpose.
# - **ReLU**: it costs a lot. Untied, the decoder learns to subtract in its own
#   way; tied, it can only paint what the encoder looks for, and a good part of
#   the code falls silent.
# - **Sigmoid**: it helps, in the time that both had. The encoder's share of the
#   gradient is tiny, and the decoder's share now moves the same kernel. The
#   early literature used sigmoids, and tied its weights.

# %%
gate(
    "linear: tied is as good as PCA, MSE ratio",
    small_mse["linear", "tied"] / pca_mse,
    # measured full 1.000 to 1.001, quick 1.02
    at_most=by_budget(full=1.02, quick=1.05),
)
gate(
    "ReLU: tying costs, MSE ratio tied to untied",
    small_mse["relu", "tied"] / small_mse["relu", "untied"],
    # measured full 1.61 to 1.82, quick 1.20 to 1.24
    at_least=by_budget(full=1.4, quick=1.1),
)
gate(
    "sigmoid: tying helps, MSE ratio tied to untied",
    small_mse["sigmoid", "tied"] / small_mse["sigmoid", "untied"],
    at_most=0.75,  # measured full .49 to .63, quick .46 to .50
)

# %% [markdown]
# There is more to the linear case. Multiply its tied kernel by its own
# transpose. What will come out? Remember the little *W* at the start.

# %%
kernel = small["linear", "tied"]
overlap = kernel.T @ kernel  # (32, 32)
print(overlap[:4, :4].round(2) + 0.0)
gate(
    "the tied linear kernel is orthonormal, largest gap to the identity",
    np.abs(overlap - np.eye(32)).max(),
    at_most=0.03,  # measured full .0002 to .0006, quick .004 to .010
)

# %% [markdown]
# Its columns stand at right angles and have length 1, like the directions of
# PCA. Nobody asked for it: only for such a kernel is the transpose the way
# back.

# %%
fig, axes = plt.subplots(1, 3, figsize=(9, 1.9))
names = ("linear", "tied"), ("relu", "tied"), ("relu", "untied")
for ax, name in zip(axes, names, strict=True):
    filters = small[name].T[:12].reshape(-1, 28, 28)
    draw_weights(ax, filters, columns=6, title=", ".join(name))
plt.show()

# %% [markdown]
# Filters: what each unit looks for, orange ink and purple paper. Tied, a filter
# is also what the unit paints, so it is a drawing: waves that cover the digit
# (linear), or pieces of strokes with a clean edge (ReLU). Untied, the filter
# need not look like anything.

# %% [markdown]
# ## Sparse: few may speak
#
# Give the code many units, but let only a few be active for any one picture. A
# newspaper has many reporters; on a given day few of them have a story.
#
# Here are the activations of three units for four pictures. Which unit tells
# you most about the picture? Which one could you fire?

# %% tags=["nbval-check-output"]
h = np.array(
    [[0.9, 0.1, 0.0], [0.8, 0.0, 0.2], [0.7, 0.2, 0.0], [0.8, 0.1, 0.0]]
)
print("sum of each picture", h.sum(axis=1).round(2))
print("mean of each unit  ", h.mean(axis=0).round(2))

# %% [markdown]
# The first unit always speaks and says nothing. The third speaks once, and then
# it means something. There are two ways to ask for that, along the two axes of
# the table.
#
# - **L1**: each picture pays for the sum of its activations, Σ|h|.
# - **KL**: each unit has a wanted **rate** *p*, say 0.05. It pays for the
#   distance from *p* of its mean p̂ over the pictures.
#
# How far is one rate from another? Take two coins, one that shows heads with
# probability *p* and one with p̂. Their **Kullback-Leibler divergence** is, in
# nats,
#
# $$\mathrm{KL}(p \,\|\, \hat{p}) = p \ln \frac{p}{\hat{p}}
# + (1 - p) \ln \frac{1 - p}{1 - \hat{p}}$$

# %%
rates = np.linspace(0.002, 0.998, 500).astype("float32")
fig, ax = plt.subplots(figsize=(6, 2.6))
for p, dash in ((0.05, "-"), (0.2, "--"), (0.5, ":")):
    ax.plot(rates, rate_divergence(p, rates), dash, label=f"wanted p = {p:g}")
ax.set(xlabel="mean activation p̂", ylabel="KL(p ‖ p̂), nats", ylim=(0, 2.5))
ax.legend(loc="upper center")
plt.show()

# %% [markdown]
# Each curve touches zero where p̂ = p, and nowhere else: KL(p ‖ p) = 0. For
# p = 0.05 a unit that speaks half of the time pays 0.5 nats, and the price
# climbs without bound towards p̂ = 1. Silence has a price too, but a small one.
#
# ### Exercise 6.2: the divergence of two rates
#
# Two numbers come in; p̂ lies strictly between 0 and 1. *p* may also be 0 or 1:
# then the term with the factor 0 counts as 0. KL(0.3 ‖ 0.3) = 0, and
# KL(0.5 ‖ 0.25) = 0.14384.


# %% exercise="6.2"
def coin_divergence(p, p_hat):
    """KL(p || p_hat) of two coins, in nats. Two numbers -> a number."""
    ### BEGIN SOLUTION
    heads = p * np.log(p / p_hat) if p > 0 else 0.0
    tails = (1 - p) * np.log((1 - p) / (1 - p_hat)) if p < 1 else 0.0
    return heads + tails
    ### END SOLUTION


# %% check="6.2"
check("6.2", coin_divergence)


# %% mistakes="6.2"
def heads_only(p, p_hat):
    """this is the first term. Tails count too: (1 - p) ln((1 - p)/(1 - p̂))."""
    return p * np.log(p / p_hat) if p > 0 else 0.0


def turned_round(p, p_hat):
    """p and p̂ have changed places. KL is not symmetric."""
    if p in (0, 1):
        return np.inf
    heads = p_hat * np.log(p_hat / p)
    return heads + (1 - p_hat) * np.log((1 - p_hat) / (1 - p))


def divergence_in_bits(p, p_hat):
    """this is in bits. Nats use the natural logarithm, np.log."""
    heads = p * np.log2(p / p_hat) if p > 0 else 0.0
    tails = (1 - p) * np.log2((1 - p) / (1 - p_hat)) if p < 1 else 0.0
    return heads + tails


def zero_times_infinity(p, p_hat):
    """0 · ln 0 counts as 0. NumPy makes it NaN, so leave that term out."""
    heads = p * np.log(np.float64(p) / p_hat)
    return heads + (1 - p) * np.log(np.float64(1 - p) / (1 - p_hat))


def cross_entropy_of_coins(p, p_hat):
    """this is the cross-entropy, which is not 0 for p̂ = p. Divide p by p̂."""
    return -p * np.log(p_hat) - (1 - p) * np.log(1 - p_hat)


# %% [markdown]
# ### Exercises 6.3 and 6.4: the two penalties
#
# A table of activations comes in, a picture a row, a unit a column.
#
# - 6.3: the L1 penalty, the **mean over the pictures** of Σ|h|. For
#   `[[1, -2], [0, 3]]` it is (3 + 3) / 2 = 3.
# - 6.4: the KL penalty, the **sum over the units** of KL(p ‖ p̂), with p̂ the
#   unit's mean over the pictures. For `[[0.1, 0.2], [0.4, 0.4]]` the rates are
#   0.25 and 0.3, so for p = 0.5 it is 0.14384 + 0.08718 = 0.23102.


# %% exercise="6.3"
def l1_penalty(h):
    """h (n, k) -> a number."""
    ### BEGIN SOLUTION
    return np.abs(h).sum(axis=1).mean()
    ### END SOLUTION


# %% check="6.3"
check("6.3", l1_penalty)


# %% mistakes="6.3"
def mean_of_all(h):
    """this is the mean over pictures and units. Sum over the units."""
    return np.abs(h).mean()


def sum_of_all(h):
    """this is the sum over pictures too. Divide by their number."""
    return np.abs(h).sum()


def signs_cancel(h):
    """activations of different sign must not cancel: take |h|."""
    return h.sum(axis=1).mean()


def l2_penalty(h):
    """this is L2. L1 takes |h|, not the square."""
    return (h**2).sum(axis=1).mean()


# %% exercise="6.4"
def kl_penalty(h, p):
    """h (n, k) with values in (0, 1), and the wanted rate p -> a number."""
    ### BEGIN SOLUTION
    p_hat = h.mean(axis=0)  # (k,)
    heads = p * np.log(p / p_hat)
    tails = (1 - p) * np.log((1 - p) / (1 - p_hat))
    return (heads + tails).sum()
    ### END SOLUTION


# %% check="6.4"
check("6.4", kl_penalty)


# %% mistakes="6.4"
def kl_of_each_activation(h, p):
    """take the mean over the pictures first: a unit may speak at times."""
    each = p * np.log(p / h) + (1 - p) * np.log((1 - p) / (1 - h))
    return each.sum(axis=1).mean()


def rates_of_pictures(h, p):
    """p̂ belongs to a unit: its mean over the pictures, along axis 0."""
    p_hat = h.mean(axis=1)
    each = p * np.log(p / p_hat) + (1 - p) * np.log((1 - p) / (1 - p_hat))
    return each.sum()


def mean_over_units(h, p):
    """this is the mean over the units. Take the sum."""
    p_hat = h.mean(axis=0)
    each = p * np.log(p / p_hat) + (1 - p) * np.log((1 - p) / (1 - p_hat))
    return each.mean()


def one_rate_for_all(h, p):
    """each unit has a rate of its own. This is one rate for the whole code."""
    p_hat = h.mean()
    return p * np.log(p / p_hat) + (1 - p) * np.log((1 - p) / (1 - p_hat))


# %% [markdown]
# ### Two hundred and fifty-six units
#
# A code of 256 numbers is hardly a gap: PCA-256 copies digits almost without a
# fault. We train two sigmoid networks, one of them with the KL penalty. Its p̂ is
# the mean over the batch. (The other custom is a running mean; the layer has
# both.)


# %%
def sparse_code():
    """A sigmoid layer, and a penalty on what it says."""
    quiet = keras.initializers.Constant(-3)  # sigmoid(-3) is about 0.05
    dense = layers.Dense(CODE, activation="sigmoid", bias_initializer=quiet)
    return [dense, KLSparsity(RATE, KL_STRENGTH)]


set_seed(SEED)
plain, plain_encoder, plain_decoder = build_pair(
    [layers.Dense(CODE, activation="sigmoid")], tied=False
)
fit_copies(plain, x, EPOCHS, PEAKS["sigmoid"], "plain")
set_seed(SEED)
sparse, sparse_encoder, sparse_decoder = build_pair(sparse_code(), tied=False)
fit_copies(sparse, x, EPOCHS, PEAKS["sigmoid"], "sparse, KL")

# %%
h_plain, h_sparse = outputs(plain_encoder, xt), outputs(sparse_encoder, xt)
for name, model, h in (
    ("plain", plain, h_plain),
    ("sparse", sparse, h_sparse),
):
    print(
        f"{name:6} MSE {copy_error(model, xt):.4f}, mean activation "
        f"{h.mean():.3f}, {np.mean(h < 0.1):.0%} below 0.1"
    )

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 2.8))
bins = np.linspace(0, 1, 41)
for name, h, dash in (("plain", h_plain, "-"), ("sparse", h_sparse, "--")):
    style = dict(histtype="step", linewidth=2, linestyle=dash, label=name)
    for ax, values in ((axes[0], h.ravel()), (axes[1], h.mean(axis=0))):
        share = np.full(values.size, 1 / values.size)
        ax.hist(values, bins, weights=share, log=ax is axes[0], **style)
axes[0].set(xlabel="activation", ylabel="share of activations")
axes[1].set(xlabel="mean activation of a unit", ylabel="share of units")
axes[1].axvline(RATE, color="black", linewidth=1, linestyle=":", label="wanted")
axes[1].legend()
plt.show()

# %% [markdown]
# Left, all activations, on a logarithmic scale: most of the sparse code lies
# near 0, while the plain code is as often high as low. Right, the mean of
# each unit: without a penalty they stand around a half, with it close together
# a little above the wanted rate. (Above, because speaking also pays, in copies.)

# %%
unit_rates = h_sparse.mean(axis=0)  # (256,)
gate(
    "the sparse code's mean activation lies in its band",
    h_sparse.mean(),
    at_least=RATE,
    at_most=2 * RATE,  # measured full .065 to .066, quick .079 to .081
)
gate(
    "its units keep near their rate, share between 0.02 and 0.15",
    np.mean((unit_rates > 0.02) & (unit_rates < 0.15)),
    at_least=0.95,  # measured 1
)
gate(
    "the plain code is not sparse, mean activation",
    h_plain.mean(),
    at_least=6 * RATE,  # measured .51 to .54
)

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 2.2))
for ax, half, title in (
    (axes[0], plain_decoder, "plain: what each unit paints"),
    (axes[1], sparse_decoder, "sparse: what each unit paints"),
):
    paintings = half.layers[0].kernel.numpy()[:24].reshape(-1, 28, 28)
    draw_weights(ax, paintings, columns=8, title=title)
plt.show()

# %% [markdown]
# Left, blots: each unit of the plain code has a part in everything. Right,
# strokes, hooks and loops: a unit that may speak only rarely had better stand
# for something that occurs. Nobody told the network about strokes. It paid for
# them: its MSE is higher.

# %%
show_source(KLSparsity)

# %% [markdown]
# ### L1, and what breaks: too strong a penalty
#
# L1 is an `activity_regularizer` of Keras. On a ReLU it makes true zeros. How
# strong should it be? Here are none, a sensible strength, and thirty times
# that. Guess what the last one does.

# %%
strengths = 0.0, L1_STRENGTH, 30 * L1_STRENGTH
l1_codes, l1_copies = {}, {}
for strength in strengths:
    set_seed(SEED)
    dense = layers.Dense(CODE, "relu", activity_regularizer=L1(strength))
    model, encoder, _ = build_pair([dense], tied=False)
    label = f"L1, strength {strength:g}"
    fit_copies(model, x, EPOCHS, PEAKS["relu"], label)
    l1_codes[strength] = outputs(encoder, xt)
    l1_copies[strength] = outputs(model, xt)

# %%
zeros, l1_mse = {}, {}
for strength, h in l1_codes.items():
    zeros[strength] = np.mean(h == 0)
    l1_mse[strength] = mse_per_image(xt, l1_copies[strength]).mean()
    print(
        f"strength {strength:<6g} MSE {l1_mse[strength]:.4f}, zeros "
        f"{zeros[strength]:4.0%}, units that never speak "
        f"{np.mean(h.max(axis=0) == 0):.0%}"
    )

# %%
fig, ax = plt.subplots(figsize=(8, 3.4))
shown = {"input": xt[:10].reshape(-1, 28, 28)}
for strength, copies in l1_copies.items():
    shown[f"strength {strength:g}"] = copies[:10].reshape(-1, 28, 28)
draw_rows(ax, shown)
plt.show()

# %% [markdown]
# The sensible strength keeps the copies and silences most of the code. The
# strong one makes silence cheaper than any copy: the code is empty, and the
# decoder paints the same grey average for everybody. Units that never speak do
# not come back, since a ReLU at zero has no gradient. So count them.

# %%
gate(
    "L1 silences most of the code, share of zeros",
    zeros[L1_STRENGTH],
    at_least=0.6,  # measured .70 to .79
)
gate("a ReLU alone does not, share of zeros", zeros[0.0], at_most=0.2)
# measured .01 to .11
gate(
    "too strong, it leaves little more than a mean image, MSE ratio",
    l1_mse[strengths[-1]] / mean_mse,
    at_least=0.9,  # measured full 1.03 to 1.04, quick 1.6 to 1.7
)

# %% [markdown]
# ## Contractive: small changes do not matter
#
# A third wish: if the picture changes a little, the code should hardly move. So
# ask how much each number of the code moves with each pixel. The table of these
# slopes is the **Jacobian** *J*: a row for each unit, a column for each input.
#
# One unit, two inputs, h = tanh(x·w). Nudge one input after the other.

# %% tags=["nbval-check-output"]
w = np.array([1.0, 2.0])
for point in ([0.5, -0.25], [1.0, 0.0]):
    nudged = point + 1e-6 * np.eye(2)  # a row for each nudge
    J = (np.tanh(nudged @ w) - np.tanh(point @ w)) / 1e-6
    print(point, "slopes", J.round(3), "squares", (J**2).sum().round(3))

# %% [markdown]
# At the first point the unit is in its steep middle, and the slopes are the
# weights, 1 and 2. At the second it has begun to **saturate**, and moves less.
# For any dense layer J = s · W, with *s* the slope of the activation at that
# picture. The **contractive penalty** is the sum of all squared slopes, in the
# mean over the pictures:
#
# $$\|J\|^2 = \sum_j s_j^2 \sum_i W_{ij}^2$$
#
# A sigmoid has s = h(1 − h), a tanh s = 1 − h². Both can be read off the
# output, so the penalty costs next to nothing.
#
# ### Exercise 6.5: contract another layer
#
# The softplus, h = ln(1 + eᵃ) with a = xW + b, is a smooth ReLU. Find its
# slope, and return the mean over the pictures of ‖J‖². For x = [[0]],
# W = [[2]], b = [0] the slope is 1/2, so J = [[1]] and the penalty is 1.


# %% exercise="6.5"
def softplus_contraction(x, kernel, bias):
    """x (n, d), kernel (d, k), bias (k,) -> a number."""
    ### BEGIN SOLUTION
    slope = 1 / (1 + np.exp(-(x @ kernel + bias)))  # (n, k)
    squares = (kernel**2).sum(axis=0)  # (k,)
    return (slope**2 * squares).sum(axis=1).mean()
    ### END SOLUTION


# %% check="6.5"
check("6.5", softplus_contraction)


# %% mistakes="6.5"
def weights_alone(x, kernel, bias):
    """this is the sum of the squared weights. Where is the slope?"""
    return (kernel**2).sum()


def slope_not_squared(x, kernel, bias):
    """square the slope as well: J = s · W, and J is squared."""
    slope = 1 / (1 + np.exp(-(x @ kernel + bias)))
    return (slope * (kernel**2).sum(axis=0)).sum(axis=1).mean()


def slope_of_a_sigmoid(x, kernel, bias):
    """this is the slope of a sigmoid. What is the derivative of ln(1 + eᵃ)?"""
    h = 1 / (1 + np.exp(-(x @ kernel + bias)))
    return ((h * (1 - h)) ** 2 * (kernel**2).sum(axis=0)).sum(axis=1).mean()


def summed_over_pictures(x, kernel, bias):
    """this is the sum over the pictures. Take the mean."""
    slope = 1 / (1 + np.exp(-(x @ kernel + bias)))
    return (slope**2 * (kernel**2).sum(axis=0)).sum()


def slope_of_the_mean(x, kernel, bias):
    """each picture has slopes of its own. Take the mean at the very end."""
    slope = (1 / (1 + np.exp(-(x @ kernel + bias)))).mean(axis=0)
    return (slope**2 * (kernel**2).sum(axis=0)).sum()


# %%
show_source(dense_contraction)

# %% [markdown]
# A formula can be wrong, so let TensorFlow differentiate. `jacobian` returns
# the whole table and `contraction` the penalty, for *any* encoder.

# %%
few = xt[:100]
J = np.asarray(jacobian(plain_encoder, few))  # (100, 256, 784)
by_autodiff = np.sum(J.astype(float) ** 2, axis=(1, 2)).mean()
kernel = plain_encoder.layers[0].kernel
codes = outputs(plain_encoder, few)
by_formula = float(dense_contraction(codes, kernel, "sigmoid"))
print(f"closed form {by_formula:.4f}, automatic {by_autodiff:.4f}")
gate(
    "closed form and automatic differentiation agree, relative gap",
    abs(by_formula / by_autodiff - 1),
    at_most=1e-5,  # float32; measured below 1e-6
)

# %% [markdown]
# A deep encoder has no closed form, and the whole table is expensive: one
# backward pass for each unit. A cheaper way looks along random directions *v* of
# ±1 in the code. The mean of ‖Jᵀv‖² over such directions is ‖J‖², so in
# training one direction a step will do (`course.penalties.Contractive`).

# %%
for probes in (1, 10, 100):
    guess = float(contraction(plain_encoder, few, probes, seed=SEED))
    print(f"{probes:3} directions: {guess:.2f}")

# %% [markdown]
# ### Contract a code
#
# Two tied sigmoid networks now, one with the penalty. After each epoch we note
# where they stand: the MSE, and ‖J‖². What will the penalty cost?


# %%
class Trajectory(keras.callbacks.Callback):
    """Note (MSE, ‖J‖²) on some images after each epoch."""

    def __init__(self, encoder, images):
        super().__init__()
        self.encoder, self.images, self.points = encoder, images, []

    def on_epoch_end(self, epoch, logs=None):
        h, kernel = self.encoder(self.images), self.encoder.layers[0].kernel
        mse = mse_per_image(self.images, self.model(self.images)).mean()
        slopes = dense_contraction(h, kernel, "sigmoid")
        self.points.append((float(mse), float(slopes)))


# %%
def contract(x, xt, strength, tied, label):
    """Train a sigmoid code with the contractive penalty.
    -> autoencoder, encoder, its (MSE, ‖J‖²) after each epoch."""
    set_seed(SEED)
    dense = ContractiveDense(CODE, "sigmoid", strength)
    model, encoder, _ = build_pair([dense], tied)
    path = Trajectory(encoder, xt[:1000])
    fit_copies(model, x, EPOCHS, PEAKS["sigmoid"], label, path)
    return model, encoder, path.points


free, free_encoder, free_path = contract(x, xt, 0.0, True, "tied, no penalty")
held, held_encoder, held_path = contract(
    x, xt, CONTRACTION, True, "tied, contractive"
)

# %%
fig, ax = plt.subplots(figsize=(6.5, 3))
ax.plot(*zip(*free_path, strict=True), "-o", label="no penalty")
ax.plot(*zip(*held_path, strict=True), "--s", label="contractive")
ax.set(xlabel="test MSE per pixel", ylabel="‖J‖², squared slopes")
ax.set(xlim=(0, None), ylim=(0, None))
ax.legend()
plt.show()

# %% [markdown]
# Training goes from right to left, an epoch a point. Without the penalty a
# better copy is bought with steeper slopes. With it the slopes stay low and the
# copies still get better, only not as good in the same time. Compare the two at
# the **same MSE**, along a vertical line: that is the fair comparison.


# %%
def slopes_at(path, mse):
    """‖J‖² where a path of (MSE, ‖J‖²) passes a given MSE."""
    errors, slopes = np.transpose(sorted(path))
    return np.interp(mse, errors, slopes)


end_mse, end_slopes = held_path[-1]
gate(
    "at the same MSE the contracted code is flatter, ‖J‖² ratio",
    end_slopes / slopes_at(free_path, end_mse),
    # measured full .30 to .35, quick .59 to .62
    at_most=by_budget(full=0.5, quick=0.8),
)

# %% [markdown]
# What is it good for? Add a little noise to the pictures, not enough to trouble
# a reader. How much worse do the copies get?

# %%
rng = np.random.default_rng(SEED)
noisy = np.clip(xt + rng.normal(0, 0.1, xt.shape), 0, 1).astype("float32")
rise = {}
for name, model in (("no penalty", free), ("contractive", held)):
    clean, spoilt = copy_error(model, xt), copy_error(model, xt, noisy)
    rise[name] = spoilt - clean
    print(f"{name:12} MSE {clean:.4f}, from noisy pictures {spoilt:.4f}")
gate(
    "noise harms the contracted code less, ratio of the MSE that it adds",
    rise["contractive"] / rise["no penalty"],
    # measured full .28 to .32, quick .57 to .64
    at_most=by_budget(full=0.5, quick=0.8),
)

# %% [markdown]
# It was never shown any noise. (Chapter 5 does show it, and gets something
# alike: for small noise, denoising flattens the whole way from picture to copy.)

# %% [markdown]
# ### The spectrum of a Jacobian
#
# ‖J‖² is one number. Which changes of the picture does the code follow? The
# **singular values** of *J* say how strongly it follows its best direction, its
# second best, and so on. Their squares sum to ‖J‖².

# %%
spectra = {}
for name, encoder in (
    ("no penalty", free_encoder),
    ("contractive", held_encoder),
):
    J = np.asarray(jacobian(encoder, xt[:20]))  # (20, 256, 784)
    spectra[name] = np.linalg.svd(J, compute_uv=False).mean(axis=0)  # (256,)

# %%
fig, ax = plt.subplots(figsize=(6.5, 2.8))
for (name, values), dash in zip(spectra.items(), ("-", "--"), strict=True):
    ax.semilogy(np.arange(1, CODE + 1), values, dash, label=name)
ax.set(xlabel="direction, strongest first", ylabel="singular value of J")
ax.set(ylim=(1e-2, None))
ax.legend()
plt.show()

# %% [markdown]
# The contracted code follows each direction less, and the weak ones far less:
# its curve falls faster. What remains are the changes in which digits really
# differ.

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 2.2))
for ax, encoder, title in (
    (axes[0], free_encoder, "no penalty: filters"),
    (axes[1], held_encoder, "contractive: filters"),
):
    filters = encoder.layers[0].kernel.numpy().T[:24]
    draw_weights(ax, filters.reshape(-1, 28, 28), columns=8, title=title)
plt.show()

# %% [markdown]
# The contracted filters are smaller in extent and quieter: spots and short
# strokes where digits have ink, and near zero elsewhere. A weight that does not
# help copying costs slope, so it goes.

# %% [markdown]
# ### What breaks: a network that fools its penalty
#
# The penalty looks at the encoder only. A decoder with a kernel of its own can
# undo whatever the encoder does. Take a linear code. Divide the encoder's
# weights by 10, and multiply the decoder's kernel by 10. What happens to the
# copies, and what to ‖J‖²?

# %%
honest, honest_encoder, _ = build_pair([layers.Dense(32)], tied=False)
cheat, cheat_encoder, _ = build_pair([layers.Dense(32)], tied=False)
kernel, bias, back, back_bias = honest.get_weights()
cheat.set_weights([kernel / 10, bias / 10, back * 10, back_bias])
moved = np.abs(outputs(honest, few) - outputs(cheat, few)).max()
print("no copied pixel moves by 0.0001:", moved < 1e-4)
gate(
    "‖J‖² of the encoder falls to a hundredth, ratio",
    float(contraction(cheat_encoder, few) / contraction(honest_encoder, few)),
    at_least=0.0099,
    at_most=0.0101,
)

# %% [markdown]
# The copies are the same, and the penalty is nearly gone. Will training find
# the trick by itself? Here is the contractive network once more, **untied**.
# Beside the encoder's slopes we look at those of the whole way from picture to
# copy, which no rescaling changes.

# %%
loose, _, loose_path = contract(
    x, xt, 3 * CONTRACTION, False, "untied, contractive"
)
encoder_slopes, way_slopes = {}, {}
for name, model, path in (
    ("tied", held, held_path),
    ("untied", loose, loose_path),
):
    encoder_slopes[name] = path[-1][1]
    way_slopes[name] = float(contraction(model, xt[:500], 10, seed=SEED))
    print(
        f"{name:6} MSE {path[-1][0]:.4f}, ‖J‖² of the encoder "
        f"{path[-1][1]:.1f}, of the whole way {way_slopes[name]:.1f}"
    )

# %%
gate(
    "untied, the encoder looks much flatter, ‖J‖² ratio",
    encoder_slopes["untied"] / encoder_slopes["tied"],
    at_most=0.3,  # measured full .15 to .17, quick .19 to .21
)
gate(
    "but the whole way is not, ‖J‖² ratio",
    way_slopes["untied"] / way_slopes["tied"],
    # measured full 1.04 to 1.09, quick .82 to .91
    at_least=by_budget(full=0.85, quick=0.7),
)

# %% [markdown]
# By its own measure the untied network is many times better; on the whole way
# it is not. Its encoder whispers, and its decoder has learned to listen
# closely. That is why the contractive autoencoder was published with tied
# weights. In general: a penalty on one part invites another part to pay, so
# measure the whole.
#
# ### Question 6.6
#
# A report says: "Our regulariser makes ‖J‖² ten times smaller, so our code is
# more robust." Name two other ways in which ‖J‖² could have become ten times
# smaller, and the measurement that you would ask for instead.

# %% [markdown] written="6.6" points=3
# First, by scale. With a decoder of its own the network can divide the code by
# about 3 (the square is 10) and multiply the decoder's kernel by 3. Nothing has
# changed but the unit in which the code is written.
#
# Second, by copying worse. In the figure ‖J‖² grows while the MSE falls, so a
# network that was trained for a shorter time, or with a smaller code, has a
# smaller ‖J‖² as well. A constant code has ‖J‖² = 0.
#
# Ask for a comparison at the same MSE, and for a measure that does not depend
# on the code's unit: the slopes of the whole way from picture to copy, or how
# much worse the copies get when noise is added to the pictures.

# %% [markdown]
# ## The family
#
# Every autoencoder copies; what tells them apart is what keeps them from
# copying *blindly*. Here they are, sorted by that, with their uses. A number is
# the chapter that shows it; a dot, a use that you will meet elsewhere. (*Detect*
# what is odd; *label* means each pixel.)

# %%
USES = (
    *("store", "map", "features", "restore"),
    *("detect", "search", "generate", "label"),
)
# What constrains it; its name; a chapter, or a dot, for each use.
FAMILY = (
    ("narrow code", "undercomplete", "2 2 7 - 8 8 - -"),
    ("nothing: a passthrough (2)", "overcomplete", "- - - - - - - -"),
    ("few units speak", "sparse", "- - 6 - • • - -"),
    ("flat slopes", "contractive", "- - 6 - - - - -"),
    ("spoilt input", "denoising, inpainting", "- - • 5 - - • -"),
    ("a known distribution", "variational", "• 9 - - • - 9 -"),
    ("a known distribution", "adversarial", "- • - - - - • -"),
    ("a list of codes", "vector-quantised", "• - - - - • • -"),
    ("one code, two painters", "shared encoder", "- - - - - - 11 -"),
    ("relative: no encoder", "GAN", "- - - - - - 10 -"),
    ("relative: no copying", "segmentation net", "- - - - - - - 12"),
)
MODIFIERS = (
    "Modifiers, for any of them: tied (6) · deep (2) · stacked, one layer "
    "after another (7) · convolutional (4)\nalong time (7) · recurrent · "
    "conditional, told the class · loss: MSE or BCE (1), perceptual"
)


# %%
def draw_family(ax, family, uses, modifiers):
    """A row for each type: constraint, name, and a mark for each use."""
    for row, (constraint, name, chapters) in enumerate(family):
        new = row == 0 or family[row - 1][0] != constraint
        above = max(row - 1, -0.6)
        ax.plot([-9.5, -9.5, -9.1], [above, row, row], color="C0")
        ax.text(-9, row, constraint if new else "″", va="center")
        ax.text(-4.4, row, name, va="center", weight="bold")
        for column, chapter in enumerate(chapters.split()):
            mark = "" if chapter == "-" else chapter
            ax.text(column + 0.5, row, mark, ha="center", va="center")
        ax.axhline(row + 0.5, 0.04, 1, color="#DDDDDD", linewidth=0.8)
    for column, use in enumerate(uses):
        ax.text(column + 0.3, -0.7, use, rotation=40, va="bottom")
    ax.text(-9.6, -0.9, "autoencoder: what constrains it", va="bottom")
    ax.text(-4.4, -0.9, "type", va="bottom")
    ax.text(-9.6, len(family) + 0.1, modifiers, va="top", linespacing=1.5)
    ax.set(xlim=(-9.7, len(uses) + 0.8), ylim=(len(family) + 1.6, -2.4))
    ax.set_axis_off()
    return ax


# %%
fig, ax = plt.subplots(figsize=(11, 5.6))
draw_family(ax, FAMILY, USES, MODIFIERS)
plt.show()

# %% [markdown]
# Read it by rows to see what a type is good for, and by columns to find a type
# for your task. Constraint and modifier are free to combine: this chapter's
# last networks were contractive *and* tied. Make it your own: add a row to
# `FAMILY`.

# %% [markdown]
# ## Homework 6: four regularisers at one MSE
#
# Which penalty gives the best code? Most comparisons are unfair, because the
# nets do not copy equally well. Take a sigmoid code of 256 units with tied
# weights, and four regularisers: L1, KL, contraction, and noise on the pictures
# that the net sees while it learns to copy the clean ones. Find a strength for
# each, so that all four reach the **same test MSE** within 15 %. Then compare
# three other numbers: the share of flips, the MSE that noise of 0.1 adds, and
# ‖J‖² of the whole way.
#
# Return a dict: name -> (MSE, flips, added MSE, ‖J‖²). Then say in words what
# each regulariser has bought.


# %% homework="6" points=8 title="four regularisers at one MSE"
def compare_regularisers(x, xt, noisy, judge, epochs):
    """-> {"L1": (mse, flips, added, slopes), "KL": ..., ...}."""
    ### BEGIN SOLUTION
    dense, sigmoid = layers.Dense, dict(units=CODE, activation="sigmoid")
    codes = {  # the strengths were found by trying
        "L1": [dense(**sigmoid, activity_regularizer=L1(2e-4))],
        "KL": [dense(**sigmoid), KLSparsity(RATE, 2e-4)],
        "contraction": [ContractiveDense(CODE, "sigmoid", CONTRACTION)],
        "noise": [dense(**sigmoid)],
    }
    spoil = np.random.default_rng(SEED).normal(0, 0.3, x.shape)
    results = {}
    for name, code in codes.items():
        set_seed(SEED)
        model, _, _ = build_pair(code, tied=True)
        seen = (x + spoil).astype("float32") if name == "noise" else x
        fit_copies(model, x, epochs, PEAKS["sigmoid"], name, seen=seen)
        mse = copy_error(model, xt)
        results[name] = (
            float(mse),
            float(judge.flips(xt, outputs(model, xt)).mean()),
            float(copy_error(model, xt, noisy) - mse),
            float(contraction(model, xt[:500], 10, seed=SEED)),
        )
    return results
    ### END SOLUTION


# %%
compared = attempt(
    "Homework 6", compare_regularisers, x, xt, noisy, judge, EPOCHS
)
for name, (mse, flips, added, slopes) in (compared or {}).items():
    print(
        f"{name:11} MSE {mse:.4f}, flips {flips:.2%}, noise adds {added:.4f}, "
        f"‖J‖² of the whole way {slopes:.0f}"
    )

# %% [markdown]
# ## Summary
#
# - A code need not be narrow; it must be constrained.
# - Tied weights: one kernel, and its gradient is the sum of both uses. Linear
#   nets lose nothing by it, ReLU nets a lot, sigmoid nets gain.
# - A sparse code lets few units speak: L1 counts over the units of a picture,
#   KL over the pictures of a unit. Its units stand for strokes.
# - A contractive code has a small Jacobian: a picture that changes a little
#   keeps its code. Compare at the same MSE.
# - Too strong, a penalty kills units; on one part alone, it is fooled.
#
# **Open questions.** Is a sparse or a flat code also a better *feature*, when
# labels are few? (Chapter 7.) What if the constraint is a whole distribution?
# (Chapter 9.)
#
# **References.** Vincent et al. 2010, *Stacked denoising autoencoders*, on tied
# weights. Ng 2011, *Sparse autoencoder* (lecture notes), on the KL penalty.
# Olshausen and Field 1996, *Emergence of simple-cell receptive field
# properties*, on sparse codes and strokes. Rifai et al. 2011, *Contractive
# auto-encoders*. Alain and Bengio 2014, *What regularized auto-encoders learn
# from the data-generating distribution*, on denoising and contraction.
