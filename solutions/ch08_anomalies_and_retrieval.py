# %% [markdown]
# # 8 Anomaly detection and retrieval
#
# A network that copies what it knows copies the unknown badly. That finds
# faults. And what gets the same code is alike. That finds pictures.
#
# After this chapter you can
#
# - **set** a threshold that keeps its promise about false alarms,
# - **judge** a detector by ROC and precision-recall,
# - **say** what an autoencoder cannot find, and why,
# - **split** series so that no recording is on both sides,
# - **search** pictures by code and by bits, and measure what comes back.

# %% tags=["imports"]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)
from sklearn.neighbors import NearestNeighbors

from course.baselines import PCA
from course.budget import announce, by_budget
from course.data import load_digits, series
from course.detection import false_alarm_band, share_interval
from course.display import draw_histogram, draw_images, draw_rows
from course.exercises import attempt, check
from course.gates import gate
from course.metrics import mse_per_image
from course.quiet import keras
from course.reproducibility import set_seed
from course.retrieval import bootstrap_interval, hamming_nearest
from course.training import fit
from course.widgets import Axis, explore

layers = keras.layers

# %%
SEED = 0
ROWS = by_budget(full=40_000, quick=20_000)  # normal pictures to train on
KEPT_BACK = 5_000  # normal pictures for the threshold, and as many to test it
EPOCHS = by_budget(full=8, quick=4)
PEAK = by_budget(full=3e-3, quick=6e-3)  # of the learning rate
JIT = by_budget(full=True, quick=False)  # a short training is not worth it
LEFT_OUT = by_budget(full=(0, 1, 4, 6, 8), quick=(0, 1))
ONE_CLASS = by_budget(full=(0, 1, 4, 8), quick=(1,))
RATE = 0.05  # false alarms that we allow
LIBRARY = by_budget(full=60_000, quick=20_000)  # pictures to search in
QUERIES = 1_000

set_seed(SEED)
plt.style.use("course.style")
announce("ch08_anomalies_and_retrieval")

# %%
(x_train, y_train), (x_test, y_test) = load_digits()
x, xt = x_train.reshape(-1, 784), x_test.reshape(-1, 784)

# %%
fig, ax = plt.subplots(figsize=(8, 1.8))
draw_images(ax, x_test[:20], columns=10)
plt.show()

# %% [markdown]
# The digits again. In the first half some digit will be the odd one: the
# network never sees it, and we ask whether it can tell. In the second half the
# pictures are a library, and we search it.

# %% [markdown]
# ## An error that says "odd"
#
# Four points lie on a line. Normal data are like that: they vary, but not in
# every way. PCA with one number learns the line. Then three new points come:
# one far out on the line, one close by but off it, and zero. Which is odd?

# %% tags=["nbval-check-output"]
normal = np.array([[-2, -2], [-1, -1], [1, 1], [2, 2]], dtype=float)
line = PCA(normal)
new = np.array([[9, 9], [1, -1], [0, 0]], dtype=float)
for point in new:
    copy = line.reconstruct(point[None], 1)[0]
    print(point, "error", round(float(np.mean((point - copy) ** 2)), 3))

# %% [markdown]
# The error is the distance to what the code can say. [1, -1] is odd. But
# [9, 9] gets no error at all, although nothing like it was ever there, and
# neither does the empty [0, 0]. Keep both in mind.
#
# Now with digits: leave out the 0, train on the others, and take the error of
# the copy as the **score**.


# %%
def build_detector(latent_dim):
    """784 -> 256 -> latent_dim -> 256 -> 784."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(256, activation="relu"),
            layers.Dense(latent_dim),
            layers.Dense(256, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
        ]
    )


# %%
BCE = "binary_crossentropy"


def fit_copier(
    model, x, epochs, peak, label, loss=BCE, batch_size=256, jit=JIT
):
    """Fit with the input as its own target."""
    fit(
        model,
        x,
        x,
        epochs=epochs,
        peak=peak,
        label=label,
        loss=loss,
        batch_size=batch_size,
        jit_compile=jit,
    )
    return model


# %%
def oddness(model, x):
    """The copy's error, one number for each row: MSE. (n, d) -> (n,)"""
    return mse_per_image(x, model.predict(x, batch_size=1000, verbose=0))


# %% [markdown]
# The normal pictures are divided first: most to train on, some to set the
# threshold, some to see whether it keeps its promise. No 0 is in any of them.


# %%
def divide_normal(y, digit, kept_back, rows, rng):
    """Rows without the digit -> for training, for the threshold, to test it."""
    normal = rng.permutation(np.flatnonzero(y != digit))
    ends = [kept_back, 2 * kept_back, 2 * kept_back + rows]
    threshold, fresh, training = np.split(normal, ends)[:3]
    return training, threshold, fresh


# %%
detectors, parts, scores = {}, {}, {}
for digit in LEFT_OUT:
    set_seed(SEED)
    rng = np.random.default_rng([SEED, digit])
    parts[digit] = divide_normal(y_train, digit, KEPT_BACK, ROWS, rng)
    training, validation, fresh = (x[rows] for rows in parts[digit])
    model = fit_copier(
        build_detector(10), training, EPOCHS, PEAK, f"without the {digit}"
    )
    detectors[digit] = model
    scores[digit] = {
        "validation": oddness(model, validation),
        "fresh": oddness(model, fresh),
        "test": oddness(model, xt),
    }

# %%
gate(
    "pictures of the left-out digit in training, threshold and check",
    sum(
        (y_train[rows] == digit).sum()
        for digit in LEFT_OUT
        for rows in parts[digit]
    ),
    at_most=0,  # exact
)
gate(
    "pictures on both sides of a split",
    sum(
        sum(map(len, parts[digit])) - len(set().union(*map(set, parts[digit])))
        for digit in LEFT_OUT
    ),
    at_most=0,  # exact
)

# %%
is_zero = y_test == 0
shown = np.concatenate(
    [np.flatnonzero(is_zero)[:6], np.flatnonzero(~is_zero)[:6]]
)
copies = detectors[0].predict(xt[shown], verbose=0)
fig, ax = plt.subplots(figsize=(8, 1.6))
draw_rows(
    ax,
    {
        "input": xt[shown].reshape(-1, 28, 28),
        "copy": copies.reshape(-1, 28, 28),
    },
)
plt.show()

# %% [markdown]
# Left, six zeros: the network has no word for an empty ring and smears
# something like a 5 or a 6 into it. Right, six digits of kinds that it knows.

# %%
test_scores = scores[0]["test"]
fig, ax = plt.subplots(figsize=(6.5, 2.8))
draw_histogram(
    ax,
    {"normal": test_scores[~is_zero], "zeros": test_scores[is_zero]},
    bins=60,
)
ax.set_xlim(0, np.percentile(test_scores, 99.8))
plt.show()

# %% [markdown]
# Zeros have the larger errors, but the two hills overlap. Where to cut? Any
# cut misses some zeros, or raises false alarms.

# %% [markdown]
# ## A threshold from normal data only
#
# Who looks for faults has seldom seen one. So the threshold may use normal
# data only, and data that the network was not trained on. Choose the share of
# false alarms that you can live with, and cut off that share of the validation
# scores.

# %%
threshold = np.quantile(scores[0]["validation"], 1 - RATE)
false_alarms = np.mean(scores[0]["fresh"] > threshold)
low, high = false_alarm_band(RATE, KEPT_BACK, KEPT_BACK, confidence=0.999)
print(f"threshold {threshold:.4f} (MSE per pixel)")
print(f"set {RATE:.1%}; on fresh normal pictures {false_alarms:.2%}")
print(f"by chance alone it would lie between {low:.2%} and {high:.2%}")

# %%
gate(
    "false alarms on fresh normal pictures, share (99.9 % band)",
    false_alarms,
    at_least=low,  # .037
    at_most=high,  # .065; measured .046 to .055
)

# %% [markdown]
# The band has two sources: the fresh pictures are a sample, and so are those
# that set the threshold. It holds for *more of the same*. The test pictures
# were written by other people:

# %%
alarms = int(np.sum(test_scores[~is_zero] > threshold))
low, high = share_interval(alarms, int(np.sum(~is_zero)))
found = np.mean(test_scores[is_zero] > threshold)
print(
    f"normal test pictures flagged: {alarms / np.sum(~is_zero):.2%} "
    f"(95 % interval {low:.2%} to {high:.2%}); set: {RATE:.2%}"
)
print(f"zeros found: {found:.1%}")

# %% [markdown]
# If the interval misses what was set, the source has changed. A promise about
# false alarms is a promise about the source of the data; watch it in use.
#
# Move the threshold. The pictures are sorted by their error, and a frame marks
# what is flagged. Which frames are false alarms, and which zeros have none?

# %%
rng = np.random.default_rng(SEED)
some = np.concatenate(
    [
        rng.choice(np.flatnonzero(is_zero), 8, replace=False),
        rng.choice(np.flatnonzero(~is_zero), 22, replace=False),
    ]
)
some = some[np.argsort(test_scores[some])]


def framed(images, flags):
    """Pictures with a frame where flagged, three rows. -> (h, w)"""
    edge = np.pad(np.zeros((26, 26)), 2, constant_values=1)
    cells = np.pad(images.reshape(-1, 28, 28), ((0, 0), (1, 1), (1, 1)))
    cells = np.round(cells * 3) / 3  # few grey levels: a smaller page
    cells += np.pad(edge, 0)[:30, :30] * flags[:, None, None]
    rows = np.clip(cells, 0, 1).reshape(3, -1, 30, 30)
    return rows.transpose(0, 2, 1, 3).reshape(90, -1)


# %%
cuts = np.quantile(scores[0]["validation"], np.linspace(0.5, 0.995, 12))
explore(
    [Axis("threshold (1000 × MSE)", 1000 * cuts, start=9)],
    lambda points: [
        framed(xt[some], 1000 * test_scores[some] > cut) for (cut,) in points
    ],
    title="Thirty test pictures sorted by error; a frame means an alarm",
)

# %% [markdown]
# ### Exercise 8.1: a threshold for a rate
#
# Scores come in, some of anomalies. Return the smallest *normal* score with at
# most a share `rate` of the normal scores **above** it. For normal scores 3, 1,
# 4, 2, anomalies with 9 and 8, and a rate of 0.25 it is 3: only the 4 is above.


# %% exercise="8.1"
def alarm_threshold(scores, is_anomaly, rate):
    """scores (n,), is_anomaly (n,) bool, rate -> a number."""
    ### BEGIN SOLUTION
    normal = np.sort(scores[~is_anomaly])[::-1]
    return normal[int(rate * len(normal))]
    ### END SOLUTION


# %% check="8.1"
check("8.1", alarm_threshold)


# %% mistakes="8.1"
def with_anomalies(scores, is_anomaly, rate):
    """anomalies have a say here. The threshold is set by normal scores."""
    ordered = np.sort(scores)[::-1]
    return ordered[int(rate * len(ordered))]


def wrong_end(scores, is_anomaly, rate):
    """this share lies below the threshold. Alarms are above."""
    normal = np.sort(scores[~is_anomaly])
    return normal[int(rate * len(normal))]


def too_careful(scores, is_anomaly, rate):
    """one more alarm is allowed: a score equal to the threshold is none."""
    normal = np.sort(scores[~is_anomaly])[::-1]
    return normal[int(rate * len(normal)) - 1]


def between_scores(scores, is_anomaly, rate):
    """this lies between two scores: a quantile that interpolates."""
    return np.quantile(scores[~is_anomaly], 1 - rate)


# %% [markdown]
# ## All thresholds at once
#
# For each threshold there are two shares: the anomalies found (true-positive
# rate) and the normal rows flagged (false-positive rate). Six scores, each in
# turn as the threshold:

# %% tags=["nbval-check-output"]
toy_scores = np.array([6, 5, 4, 3, 2, 1])
toy_odd = np.array([1, 1, 0, 1, 0, 0], dtype=bool)
for t in toy_scores:
    flagged = toy_scores >= t
    print(
        f"from {t}: false alarms {np.sum(flagged & ~toy_odd)} of 3, "
        f"found {np.sum(flagged & toy_odd)} of 3, "
        f"precision {np.sum(flagged & toy_odd)}/{flagged.sum()}"
    )

# %% [markdown]
# Found against false alarms is the **ROC** curve. Precision (which share of
# the alarms is right) against found is the **precision-recall** curve. The
# area under the ROC, **AUROC**, has a meaning of its own: the chance that an
# anomaly scores higher than a normal row. Here 8 of the 9 pairs:

# %% tags=["nbval-check-output"]
print(f"AUROC {roc_auc_score(toy_odd, toy_scores):.4f}, 8/9 = {8 / 9:.4f}")

# %% [markdown]
# ### Exercise 8.2: AUROC by hand
#
# The share of pairs (an anomaly, a normal row) in which the anomaly has the
# higher score; a tie counts one half. For scores 1, 2 (normal) and 3, 2
# (anomalies) it is (2 + 1 + ½) / 4 = 0.875.


# %% exercise="8.2"
def auroc_by_hand(scores, is_anomaly):
    """scores (n,), is_anomaly (n,) bool -> a number from 0 to 1."""
    ### BEGIN SOLUTION
    gaps = scores[is_anomaly][:, None] - scores[~is_anomaly]
    return np.mean((gaps > 0) + 0.5 * (gaps == 0))
    ### END SOLUTION


# %% check="8.2"
check("8.2", auroc_by_hand)


# %% mistakes="8.2"
def ties_lose(scores, is_anomaly):
    """a tie counts one half, here it counts nothing."""
    return np.mean(scores[is_anomaly][:, None] > scores[~is_anomaly])


def ties_win(scores, is_anomaly):
    """a tie counts one half, here it counts as a win."""
    return np.mean(scores[is_anomaly][:, None] >= scores[~is_anomaly])


def normal_wins(scores, is_anomaly):
    """this is the share of pairs in which the normal row is higher."""
    gaps = scores[~is_anomaly][:, None] - scores[is_anomaly]
    return np.mean((gaps > 0) + 0.5 * (gaps == 0))


def number_of_pairs(scores, is_anomaly):
    """this is a number of pairs. Divide by all of them."""
    gaps = scores[is_anomaly][:, None] - scores[~is_anomaly]
    return np.sum((gaps > 0) + 0.5 * (gaps == 0))


# %%
auroc = {d: roc_auc_score(y_test == d, scores[d]["test"]) for d in LEFT_OUT}
fig, axes = plt.subplots(1, 2, figsize=(8.5, 3.4))
for i, digit in enumerate((0, 1)):
    odd, values = y_test == digit, scores[digit]["test"]
    false_rate, true_rate, _ = roc_curve(odd, values)
    precision, recall, _ = precision_recall_curve(odd, values)
    name = f"without the {digit}"
    style = dict(color=f"C{i}", linestyle=("-", "--")[i])
    axes[0].plot(
        false_rate, true_rate, label=f"{name}: {auroc[digit]:.2f}", **style
    )
    average = average_precision_score(odd, values)
    axes[1].plot(recall, precision, label=f"{name}: {average:.2f}", **style)
axes[0].plot([0, 1], [0, 1], ":", color="k", label="guessing: 0.50")
axes[1].axhline(is_zero.mean(), linestyle=":", color="k", label="guessing")
axes[0].set(xlabel="share of normal flagged", ylabel="share of odd found")
axes[1].set(xlabel="share of odd found (recall)", ylabel="precision")
axes[0].legend(title="AUROC", loc="lower right")
axes[1].legend(title="average precision", loc="upper right")
plt.show()

# %% [markdown]
# The zeros are found well: their curve hugs the corner. The ones are a
# disaster, worse than guessing. We come to that.

# %%
print("left out   AUROC")
for digit in LEFT_OUT:
    print(f"{digit:8}   {auroc[digit]:.3f}")
gate("a zero is told from what is normal, AUROC", auroc[0], at_least=0.9)
# measured .945 to .964 MNIST, .921 to .949 drawn

# %% [markdown]
# ### The base rate
#
# AUROC does not know how rare anomalies are. Precision does. Take a detector
# that finds 75 % at 5 % false alarms. Which share of its alarms is right, if
# one row in two is odd? One in a hundred? One in a thousand?

# %% tags=["nbval-check-output"]
for share in (0.5, 0.1, 0.01, 0.001):
    right, wrong = share * 0.75, (1 - share) * 0.05
    print(f"odd {share:5.1%}: {right / (right + wrong):5.1%} of alarms right")

# %% [markdown]
# At one in a thousand, 98 of 100 alarms are false, with the same ROC. Always
# report how rare the anomalies of your test set were.
#
# ### What it misses, and what it flags

# %%
order = np.argsort(test_scores)
missed = order[is_zero[order]][:10]
false = order[~is_zero[order]][::-1][:10]
fig, ax = plt.subplots(figsize=(8, 1.7))
draw_rows(
    ax,
    {
        "missed zeros": xt[missed].reshape(-1, 28, 28),
        "false alarms": xt[false].reshape(-1, 28, 28),
    },
)
plt.show()

# %% [markdown]
# The zeros with the smallest errors are narrow, small or slanted, on the way to
# a 6 or a 9. The false alarms are normal digits in a bold or unusual hand. The
# score mixes "odd" with "hard to draw".

# %% [markdown]
# ## What breaks: the digit 1
#
# Leave out the 1 instead. No digit looks less like the others. Guess: is it
# found more easily than the 0?

# %%
is_one = y_test == 1
ratio = np.median(scores[1]["test"][is_one]) / np.median(
    scores[1]["test"][~is_one]
)
print(f"AUROC of the 1: {auroc[1]:.3f}")
print(f"median error of ones, over that of normal digits: {ratio:.2f}")
gate("the left-out 1 is not found, AUROC", auroc[1], at_most=0.55)
# measured .34 to .43 MNIST, .31 to .36 drawn
gate("a 1 is copied better than normal digits, ratio", ratio, at_most=1)
# measured .78 to .89 MNIST, .67 to .78 drawn

# %%
ones = np.flatnonzero(is_one)[:6]
shown = np.concatenate([ones, np.flatnonzero(~is_one)[:6]])
copies = detectors[1].predict(xt[shown], verbose=0)
fig, ax = plt.subplots(figsize=(8, 1.6))
draw_rows(
    ax,
    {
        "input": xt[shown].reshape(-1, 28, 28),
        "copy": copies.reshape(-1, 28, 28),
    },
)
plt.show()

# %% [markdown]
# The network never saw a 1. Its copies are a little blurred, but the stroke is
# there, because strokes are in 4, 7 and 9. An autoencoder rebuilds what is
# simple, whether it knows it or not. And an error per pixel rises with the
# ink: a bare stroke on white paper has little to get wrong. Compare three
# scores, one of which needs no network.

# %%
ink = np.mean(xt**2, axis=1)
print("AUROC, left out   error   error / ink   ink alone")
for digit in LEFT_OUT:
    odd, error = y_test == digit, scores[digit]["test"]
    areas = [roc_auc_score(odd, s) for s in (error, error / ink, ink)]
    print(f"{digit:15}   " + "         ".join(f"{a:.3f}" for a in areas))

# %%
some = np.random.default_rng(SEED).permutation(len(xt))[:1500]
fig, ax = plt.subplots(figsize=(6, 3.4))
for mark, group, name in (
    (".", ~is_one, "normal"),
    ("x", is_one, "1, left out"),
):
    mine = some[group[some]]
    ax.plot(ink[mine], scores[1]["test"][mine], mark, label=name, alpha=0.6)
ax.set(
    xlabel="ink: mean squared grey level",
    ylabel="error (MSE per pixel)",
    xlim=(0, None),
    ylim=(0, None),
)
ax.legend()
plt.show()

# %% [markdown]
# The error tends to grow with the ink, and ones sit at the left: little ink, no
# large error. *For their ink* their errors are not small, and the error divided
# by the ink does better on the 1; on the 0 it does worse. No score is best for
# every kind of oddity. The ink alone, upside down, would find ones best of
# all; but to know that one must have seen an anomaly.
#
# Is the 1 hard as such? Turn the roles round: train on one digit only, and let
# all the others be odd.

# %%
one_class = {}
for digit in ONE_CLASS:
    set_seed(SEED)
    model = fit_copier(
        build_detector(10),
        x[y_train == digit],
        10,
        3e-3,
        f"only the {digit}",
        batch_size=128,
    )
    one_class[digit] = roc_auc_score(y_test != digit, oddness(model, xt))
    print(f"normal is the {digit}: AUROC {one_class[digit]:.3f}")

# %%
gate(
    "what is no 1 is found when 1 is the normal one, AUROC",
    one_class[1],
    at_least=0.97,  # measured .991 to .999
)

# %% [markdown]
# The same digit, nearly perfect: whoever knows strokes alone is easily
# surprised. The simple is a good normal and a bad anomaly.

# %% [markdown]
# ## A better copier, a worse detector
#
# More latent variables make better copies (chapter 2). Of what? Guess what 128
# of them do to the zeros.

# %%
set_seed(SEED)
wide = fit_copier(
    build_detector(128),
    x[parts[0][0]],
    EPOCHS,
    PEAK,
    "128 latent variables, without the 0",
)
wide_scores = oddness(wide, xt)
wide_auroc = roc_auc_score(is_zero, wide_scores)
for name, values in (("10", test_scores), ("128", wide_scores)):
    print(
        f"{name:>3} latent: error on normal {values[~is_zero].mean():.4f}, "
        f"on zeros {values[is_zero].mean():.4f}, "
        f"AUROC {roc_auc_score(is_zero, values):.3f}"
    )
gate(
    "the wide code is the worse detector, AUROC lost",
    auroc[0] - wide_auroc,
    at_least=0.03,  # measured full .19 to .22, quick .08 to .15
)

# %% [markdown]
# Every error is smaller, that of the zeros too: the passthrough again. A
# detector must be good at copying what is normal and *bad* at the rest, and
# the training loss sees the first half only.
#
# ## A threshold from the training pictures
#
# Why keep pictures back? The network has errors on its training pictures too.
# Take them, for a network that had few of them and saw them often.

# %%
few = x[parts[0][0]][:1000]
set_seed(SEED)
eager = fit_copier(
    build_detector(32), np.tile(few, (10, 1)), 8, 3e-3, "1,000 pictures, 80 ×"
)
fresh = oddness(eager, x[parts[0][2]])
leaky_rate = np.mean(fresh > np.quantile(oddness(eager, few), 1 - RATE))
kept = np.quantile(oddness(eager, x[parts[0][1]]), 1 - RATE)
print(f"set: {RATE:.1%} false alarms")
print(f"threshold from the training pictures: {leaky_rate:.1%}")
print(f"threshold from pictures kept back: {np.mean(fresh > kept):.1%}")
gate(
    "a threshold from training pictures breaks its promise, times the rate set",
    leaky_rate / RATE,
    at_least=3,  # measured 4.4 to 5.7
)

# %% [markdown]
# It knows those thousand by heart, so that most of what is new looks odd to
# it. The mistake is the threshold, not the network: with pictures kept back it
# is as good as its word.

# %% [markdown]
# ## Heartbeats
#
# Most detectors watch series. Here is a simulated electrocardiogram, cut into
# beats: 128 samples at 160 Hz, in millivolts. Each person has waves of their
# own height and place; each beat varies a little, with breathing and noise.
# Five things can be wrong.

# %%
sample = series.simulate_heartbeats(2, 3, kinds=series.BEAT_KINDS, seed=SEED)
fig, axes = plt.subplots(2, 3, figsize=(8.5, 4), sharex=True, sharey=True)
for ax, kind in zip(axes.flat, series.BEAT_KINDS, strict=True):
    for person in (0, 1):
        mine = (sample.kind == kind) & (sample.recording == person)
        style = dict(color=f"C{person}", linestyle=("-", "--")[person])
        ax.plot(series.BEAT_TIMES, sample.values[mine].T, linewidth=1, **style)
    ax.set_title(kind)
for ax in axes[1]:
    ax.set_xlabel("time from R (s)")
for ax in axes[:, 0]:
    ax.set_ylabel("mV")
plt.show()

# %% [markdown]
# Three beats of two people, one solid, one dashed. "No P" lacks the small wave
# before the peak; "lead off" is an electrode that has come off.
#
# The network is the same idea with 128 inputs and a linear output. A hundred
# people are in the test, and none of them in the training. Guess: which kind
# will be missed? Is it the flat line, as simple as a series can be?


# %%
def build_beat_autoencoder(length, latent_dim):
    """length -> 64 -> latent_dim -> 64 -> length; the output has no limits."""
    return keras.Sequential(
        [
            keras.Input((length,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(latent_dim),
            layers.Dense(64, activation="relu"),
            layers.Dense(length),
        ]
    )


# %%
known = series.simulate_heartbeats(10, 400, seed=SEED)
others = series.simulate_heartbeats(60, 40, seed=SEED, first=1000)
tested = series.simulate_heartbeats(
    100, 20, kinds=series.BEAT_KINDS, seed=SEED, first=2000
)
rows = np.random.default_rng(SEED).permutation(len(known.values))
learned, left = rows[: len(rows) * 4 // 5], rows[len(rows) * 4 // 5 :]
set_seed(SEED)
beat_net = build_beat_autoencoder(128, 16)
fit_copier(
    beat_net,
    known.values[learned],
    15,
    3e-3,
    "heartbeats",
    loss="mse",
    batch_size=128,
)
beat_scores = oddness(beat_net, tested.values)

# %%
is_normal = tested.kind == "normal"
beat_auroc = {}
for kind in series.BEAT_KINDS[1:]:
    rows = is_normal | (tested.kind == kind)
    beat_auroc[kind] = roc_auc_score(~is_normal[rows], beat_scores[rows])
    print(f"{kind:10} AUROC {beat_auroc[kind]:.3f}")
gate(
    "wide beats, raised ST and muscle noise are found, lowest AUROC",
    min(beat_auroc[kind] for kind in ("wide", "raised ST", "muscle")),
    at_least=0.97,  # measured .996 to 1.000 over 8 seeds
)
gate(
    "the flat line is found, AUROC",
    beat_auroc["lead off"],
    at_least=0.9,  # measured .971 to 1.000
)
gate(
    "the missing P is found worst, AUROC below the others' lowest",
    min(a for kind, a in beat_auroc.items() if kind != "no P")
    - beat_auroc["no P"],
    at_least=0.03,  # measured .08 to .26
)

# %%
fig, axes = plt.subplots(1, 3, figsize=(9, 2.7), sharey=True)
for ax, kind in zip(axes, ("wide", "no P", "lead off"), strict=True):
    window = tested.values[tested.kind == kind][:1]
    again = beat_net.predict(window, verbose=0)
    ax.plot(series.BEAT_TIMES, window[0], label="series")
    ax.plot(series.BEAT_TIMES, again[0], "--", label="copy")
    ax.set(title=kind, xlabel="time from R (s)")
axes[0].set_ylabel("mV")
axes[0].legend()
plt.show()

# %% [markdown]
# Solid the series, dashed the copy. The flat line does *not* slip through:
# every window that the network ever saw has a beat in it, so it paints the
# ghost of one where there is nothing. Simple is not
# enough. What slips through is made of parts that the network has, as the 1
# is. The missing P is hard for another reason: a small wave hardly counts in a
# mean over 128 samples.
#
# ## A leak between people
#
# In this chapter the network learned on four fifths of the beats of ten
# people. A fifth was left, so why not take the threshold from those?


# %%
def promise(validation, fresh, rate):
    """The share of fresh scores above the threshold from validation."""
    return np.mean(fresh > np.quantile(validation, 1 - rate))


fresh = beat_scores[is_normal]
same_people = promise(oddness(beat_net, known.values[left]), fresh, RATE)
new_people = promise(oddness(beat_net, others.values), fresh, RATE)
print(f"set: {RATE:.1%} false alarms on people who are new to it")
print(f"threshold from other beats of the same people: {same_people:.1%}")
print(f"threshold from other people: {new_people:.1%}")

# %%
gate(
    "a threshold from the same people breaks its promise, times the rate set",
    same_people / RATE,
    at_least=2,  # measured 3.6 to 11 over 8 seeds
)
gate(
    "a threshold from other people is nearer to its promise, ratio of rates",
    new_people / same_people,
    at_most=0.5,  # measured .07 to .22
)

# %% [markdown]
# The beats left over were never trained on, but their *people* were. Split by
# what will be new in use: here the person; elsewhere the machine, the day, the
# hospital. Does the interval from above hold here?

# %%
cut = np.quantile(oddness(beat_net, others.values), 1 - RATE)
people = np.unique(tested.recording)
rates = np.array(
    [
        np.mean(beat_scores[is_normal & (tested.recording == p)] > cut)
        for p in people
    ]
)
fig, ax = plt.subplots(figsize=(6.5, 2.5))
ax.bar(np.arange(len(people)), np.sort(rates)[::-1])
ax.axhline(RATE, linestyle="--", color="C1", label="set")
ax.set(xlabel="people, sorted", ylabel="share of false alarms")
ax.legend()
plt.show()

# %% [markdown]
# No: most people raise no false alarm, and a few raise many. Beats of one
# person are not independent, and a hundred people are a hundred draws, not two
# thousand. The binomial interval would be far too narrow.
#
# ### Exercise 8.3: mend the leaky split
#
# This is how the split above was made, and worse: it may put anomalies on
# either side.


# %%
def leaky_split(recording, is_anomaly, share, rng):
    """Put a share of the windows into validation, whoever they are from."""
    names = np.full(len(recording), "training", dtype="U10")
    names[rng.permutation(len(recording))[: int(share * len(names))]] = (
        "validation"
    )
    return names


# %% [markdown]
# Write one without a leak and without chance. Of the *m* recordings, those
# with the highest numbers are for validation: share × *m* of them, rounded up.
# An anomaly is "neither". For recordings 1, 1, 2, 2, 3, 3, 4, 4, with the
# second and the last window odd, and a share of 0.25: training, neither,
# training, training, training, training, validation, neither.


# %% exercise="8.3"
def split_without_leak(recording, is_anomaly, share):
    """recording (n,) int, is_anomaly (n,) bool -> names (n,), strings."""
    ### BEGIN SOLUTION
    people = np.unique(recording)
    count = int(np.ceil(share * len(people)))
    held = np.isin(recording, people[len(people) - count :])
    names = np.where(held, "validation", "training")
    return np.where(is_anomaly, "neither", names)
    ### END SOLUTION


# %% check="8.3"
check("8.3", split_without_leak)


# %% mistakes="8.3"
def by_windows(recording, is_anomaly, share):
    """this counts windows, so that a recording can be on both sides."""
    names = np.full(len(recording), "training", dtype="U10")
    names[len(names) - int(np.ceil(share * len(names))) :] = "validation"
    return np.where(is_anomaly, "neither", names)


def odd_in_validation(recording, is_anomaly, share):
    """anomalies are in the validation part. They would lift the threshold."""
    people = np.unique(recording)
    count = int(np.ceil(share * len(people)))
    held = np.isin(recording, people[len(people) - count :])
    return np.where(
        held, "validation", np.where(is_anomaly, "neither", "training")
    )


def odd_in_training(recording, is_anomaly, share):
    """anomalies are in the training part. The network would learn them."""
    people = np.unique(recording)
    count = int(np.ceil(share * len(people)))
    held = np.isin(recording, people[len(people) - count :])
    return np.where(
        ~held, "training", np.where(is_anomaly, "neither", "validation")
    )


def first_people(recording, is_anomaly, share):
    """these are the lowest numbers. Take the highest for validation."""
    people = np.unique(recording)
    count = int(np.ceil(share * len(people)))
    held = np.isin(recording, people[:count])
    names = np.where(held, "validation", "training")
    return np.where(is_anomaly, "neither", names)


# %% [markdown]
# ## Retrieval: what is like this?
#
# Give each picture of a library a code. For a query, return the pictures with
# the nearest codes. No label is needed to search; we use labels only to ask
# whether what came back is the same digit. Four codes of two numbers:

# %% tags=["nbval-check-output"]
library = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [3.0, 3.0]])
search = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(library)
distances, rows = search.kneighbors([[0.9, 0.2]])
print("rows, nearest first", rows[0])
print("distances", distances[0].round(2))

# %% [markdown]
# "Brute" compares the query with every row: exact, and fast enough for sixty
# thousand. Large libraries use approximate indexes.
#
# Three spaces: the 784 pixels themselves, the first 32 principal components,
# and 32 latent variables of a denoising autoencoder (chapter 5), which learned
# to look through noise. Guess their order.


# %%
def build_search_pair(latent_dim, noise):
    """A denoising autoencoder and its encoder, 784 -> latent_dim."""
    encoder = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(256, activation="relu"),
            layers.Dense(latent_dim),
        ]
    )
    decoder = [
        layers.Dense(256, activation="relu"),
        layers.Dense(784, activation="sigmoid"),
    ]
    corrupt = layers.GaussianNoise(noise)  # acts while training only
    model = keras.Sequential([keras.Input((784,)), corrupt, encoder, *decoder])
    return model, encoder


# %%
rng = np.random.default_rng(SEED)
shelf = rng.permutation(len(x))[:LIBRARY]
asked = rng.permutation(len(xt))[:QUERIES]
x_lib, y_lib, x_ask, y_ask = x[shelf], y_train[shelf], xt[asked], y_test[asked]
set_seed(SEED)
net, search_encoder = build_search_pair(32, noise=0.5)
search_net = fit_copier(  # XLA would draw the noise slowly
    net, x_lib, EPOCHS, PEAK, "denoising, 32 latent", jit=False
)

# %%
pca = PCA(x_lib)
z_lib = search_encoder.predict(x_lib, batch_size=1000, verbose=0)
z_ask = search_encoder.predict(x_ask, batch_size=1000, verbose=0)
spaces = {
    "pixels": (x_lib, x_ask),
    "PCA-32": tuple(
        pca.encode(a, 32).astype("float32") for a in (x_lib, x_ask)
    ),
    "latent-32": (z_lib, z_ask),
}
nearest_rows = {}
for name, (codes, queries) in spaces.items():
    search = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(codes)
    nearest_rows[name] = search.kneighbors(queries, return_distance=False)

# %% [markdown]
# **Precision at 10** is the share of the ten nearest that are the same digit
# as the query. The mean over queries gets an interval: draw the queries anew,
# with replacement, two thousand times (bootstrap).

# %%
right = {
    name: np.mean(y_lib[rows] == y_ask[:, None], axis=1)
    for name, rows in nearest_rows.items()
}
for name, shares in right.items():
    mean, low, high = bootstrap_interval(shares)
    print(f"{name:10} P@10 {mean:.3f}, interval {low:.3f} to {high:.3f}")
for one, other in (("latent-32", "PCA-32"), ("latent-32", "pixels")):
    mean, low, high = bootstrap_interval(right[one] - right[other])
    print(f"{one} minus {other}: {mean:+.3f}, {low:+.3f} to {high:+.3f}")

# %%
fig, ax = plt.subplots(figsize=(6, 2.2))
for i, shares in enumerate(right.values()):
    mean, low, high = bootstrap_interval(shares)
    bar = [[mean - low], [high - mean]]
    ax.errorbar([mean], [i], xerr=bar, fmt="osD"[i], color=f"C{i}", capsize=4)
ax.set_yticks(range(3), list(right))
ax.set(xlabel="precision at 10, 95 % interval", ylim=(2.5, -0.5))
plt.show()

# %% [markdown]
# "Search in the latent space, it beats PCA" is a popular slogan. Over seeds,
# budgets and both kinds of digits we found the latent code between .014 behind
# PCA and .001 ahead: never ahead by more than chance. What the short codes do
# win, either of them, is size and time: 32 numbers instead of 784, with
# nothing lost.

# %%
gate(
    "32 numbers search about as well as 784 pixels, difference of P@10",
    right["latent-32"].mean() - right["pixels"].mean(),
    at_least=-0.03,  # measured −.004 to .012
)

# %% [markdown]
# Look at what comes back. The first column is the query, then its ten nearest:
# first row pixels, second PCA, third latent. A frame marks another digit.

# %%
hard = np.argsort(right["latent-32"], kind="stable")
chosen = np.concatenate([np.arange(6), hard[:4]])


def neighbour_sheet(points):
    """For each query its neighbours in three spaces, framed where wrong."""
    sheets = []
    for (query,) in points:
        cells, wrong = [], []
        for rows in nearest_rows.values():
            cells += [x_ask[query], *x_lib[rows[query]]]
            wrong += [False, *(y_lib[rows[query]] != y_ask[query])]
        sheets.append(framed(np.array(cells), np.array(wrong)))
    return sheets


explore(
    [Axis("query", chosen.tolist(), start=0)],
    neighbour_sheet,
    title="A query and its neighbours: pixels, PCA, latent",
)

# %% [markdown]
# ### Where it fails

# %%
fig, ax = plt.subplots(figsize=(7.5, 3))
worst = hard[:4]
picked = [
    np.vstack([x_ask[q][None], x_lib[nearest_rows["latent-32"][q]]])
    for q in worst
]
draw_rows(
    ax,
    {
        f"a {y_ask[q]}: {10 * right['latent-32'][q]:.0f} of 10": (
            images.reshape(-1, 28, 28)
        )
        for q, images in zip(worst, picked, strict=True)
    },
)
plt.show()

# %% [markdown]
# The queries with the fewest right answers, and what came back. The search did
# what it was asked: these *look* alike. "Alike" to us means the same digit;
# nothing in the training said so.
#
# ### Exercise 8.4: precision at k
#
# Often the library contains the query, and a search returns it: distance 0, a
# hit, and no merit. Return the mean precision at *k* **without the query
# itself**. It is usually the first neighbour, but not always: a copy of it can
# come before. For labels 7, 7, 1, 7, query 0, neighbours 0, 1, 2, 3 and k = 2:
# rows 1 and 2 count, one of them is a 7, so 0.5.


# %% exercise="8.4"
def precision_without_self(labels, queries, neighbours, k):
    """labels (n,), queries (q,) rows, neighbours (q, m) rows -> a number."""
    ### BEGIN SOLUTION
    shares = []
    for query, found in zip(queries, neighbours, strict=True):
        others = found[found != query][:k]
        shares.append(np.mean(labels[others] == labels[query]))
    return np.mean(shares)
    ### END SOLUTION


# %% check="8.4"
check("8.4", precision_without_self)


# %% mistakes="8.4"
def with_self(labels, queries, neighbours, k):
    """the query itself counts as a hit here."""
    first = neighbours[:, :k]
    return np.mean(labels[first] == labels[queries][:, None])


def without_the_first(labels, queries, neighbours, k):
    """this drops the first neighbour, whoever it is. Drop the query."""
    first = neighbours[:, 1 : k + 1]
    return np.mean(labels[first] == labels[queries][:, None])


def among_all(labels, queries, neighbours, k):
    """this counts all neighbours. Only the first k count."""
    shares = []
    for query, found in zip(queries, neighbours, strict=True):
        others = found[found != query]
        shares.append(np.mean(labels[others] == labels[query]))
    return np.mean(shares)


def recall_at_k(labels, queries, neighbours, k):
    """this is a share of all rows of that label: recall. Divide by k."""
    shares = []
    for query, found in zip(queries, neighbours, strict=True):
        others = found[found != query][:k]
        same = np.sum(labels == labels[query])
        shares.append(np.sum(labels[others] == labels[query]) / same)
    return np.mean(shares)


# %% [markdown]
# ## Search by bits
#
# Round each latent variable to one bit: above its median or not. The median
# makes each bit worth its place: half of the library has it. Two codes are
# then as far apart as they have bits that differ (**Hamming distance**).

# %% tags=["nbval-check-output"]
codes = np.array([[0.2, -1.0, 3.0], [0.5, 2.0, 1.0], [0.9, 0.0, 2.0]])
bits = codes > np.median(codes, axis=0)
print(bits.astype(int))
rows, distances = hamming_nearest(bits, bits[:1], k=3)
print("from the first code: rows", rows[0], "bits", distances[0])

# %% [markdown]
# A processor compares 32 such bits in one step. Compare with the bits of PCA
# and with the simplest hash, which learns nothing: on which side of 32 random
# planes through the mean does a picture lie?

# %%
planes = np.random.default_rng(SEED).normal(size=(784, 32))
middle = x_lib.mean(axis=0)
numbers = {
    "random planes": ((x_lib - middle) @ planes, (x_ask - middle) @ planes),
    "PCA-32": spaces["PCA-32"],
    "latent-32": spaces["latent-32"],
}
hashed = {}
for name, (codes, queries) in numbers.items():
    medians = np.median(codes, axis=0)
    rows, _ = hamming_nearest(codes > medians, queries > medians, k=10)
    hashed[name] = np.mean(y_lib[rows] == y_ask[:, None], axis=1)
    mean, low, high = bootstrap_interval(hashed[name])
    print(f"32 bits, {name:13} P@10 {mean:.3f}, {low:.3f} to {high:.3f}")

# %%
for name, size in (("pixels", 784), ("32 numbers", 4 * 32), ("32 bits", 4)):
    print(f"{name:10} {size * 60_000 / 1e6:6.2f} MB for 60,000 pictures")
gate(
    "latent bits beat random planes, difference of P@10",
    hashed["latent-32"].mean() - hashed["random planes"].mean(),
    at_least=0.05,  # measured .16 to .20
)
gate(
    "32 bits keep most of the 32 numbers' precision, ratio",
    hashed["latent-32"].mean() / right["latent-32"].mean(),
    at_least=0.75,  # measured .86 to .91
)

# %% [markdown]
# Four bytes a picture keep most of the precision. Many pictures share a
# distance, and then their order is that of the library. A usual system takes a
# thousand candidates by bits and sorts these by numbers.

# %% [markdown]
# ### Question 8.5
#
# Somebody offers you a detector of broken bearings: "AUROC 0.99, tested on
# 10,000 windows." Name three things that you ask before you buy.

# %% [markdown] written="8.5" points=3
# How were the windows split? If windows of one machine are on both sides, the
# test says nothing about a new machine; 10,000 windows may be ten machines.
#
# How rare were faults in the test, and how rare are they with us? With one
# fault in a thousand windows even a good ROC can mean that nearly every alarm
# is false. Ask for the precision at our base rate, or false alarms per day.
#
# Which faults? A detector by reconstruction misses what is simple or small:
# ask for each kind apart. And where did the threshold come from: from normal
# data kept back, or was it chosen on the test?

# %% [markdown]
# ## Homework 8a: a machine that vibrates
#
# `series.simulate_vibration` gives windows of a turning shaft: 512 samples at
# 2,048 Hz, in m/s². Train an autoencoder on the windows themselves and look at
# each kind of fault. One is hardly ever found, for a reason that you have met.
# Then find a form of the input, or another score, for which *every* kind has
# an AUROC of at least 0.75. You may use normal windows only.
#
# Return the scores of `windows`, higher for what is odder. Their phases are
# random: does the network need them?


# %% homework="8a" points=6 title="every fault of a machine"
def score_vibration(normal, windows):
    """normal (n, 512) to learn from, windows (m, 512) -> scores (m,)."""

    ### BEGIN SOLUTION
    def spectrum(values):
        tapered = values * np.hanning(values.shape[1])
        return np.log(np.abs(np.fft.rfft(tapered))[:, 1:] + 1)

    known = spectrum(normal)
    mean, spread = known.mean(axis=0), known.std(axis=0)
    known, unknown = (
        ((spectrum(v) - mean) / spread).astype("float32")
        for v in (normal, windows)
    )
    set_seed(SEED)
    net = build_beat_autoencoder(known.shape[1], 8)
    fit_copier(net, known, 15, 3e-3, "spectra", loss="mse", batch_size=128)
    return oddness(net, unknown)
    ### END SOLUTION


# %%
good = series.simulate_vibration(40, 100, seed=SEED)
machines = series.simulate_vibration(
    30, 50, kinds=series.VIBRATION_KINDS, seed=SEED, first=1000
)
odd_scores = attempt(
    "Homework 8a", score_vibration, good.values, machines.values
)
if odd_scores is not None:
    fine = machines.kind == "normal"
    for kind in series.VIBRATION_KINDS[1:]:
        rows = fine | (machines.kind == kind)
        area = roc_auc_score(~fine[rows], odd_scores[rows])
        print(f"{kind:10} AUROC {area:.3f}")

# %% [markdown]
# ## Homework 8b: better bits
#
# The median cuts through the crowd: many codes lie close to it, and a little
# noise turns their bit. Learn a code that is at home on two sides. Return 32
# bits for each picture of the library and for each query. Noise on the code
# while training, before a `tanh`, is one way (semantic hashing).


# %% homework="8b" points=6 title="better bits"
def learn_bits(x_lib, x_ask, epochs, peak):
    """(n, 784) and (q, 784) -> bits (n, 32) and (q, 32), bool."""
    ### BEGIN SOLUTION
    set_seed(SEED)
    encoder = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(256, activation="relu"),
            layers.Dense(32),
            layers.BatchNormalization(center=False, scale=False),
            layers.GaussianNoise(0.5),
            layers.Activation("tanh"),
        ]
    )
    paint = [
        layers.Dense(256, activation="relu"),
        layers.Dense(784, activation="sigmoid"),
    ]
    model = keras.Sequential([keras.Input((784,)), encoder, *paint])
    fit_copier(model, x_lib, epochs, peak, "noise on the code", jit=False)
    codes, queries = (
        encoder.predict(a, batch_size=1000, verbose=0) for a in (x_lib, x_ask)
    )
    medians = np.median(codes, axis=0)
    return codes > medians, queries > medians
    ### END SOLUTION


# %%
better = attempt("Homework 8b", learn_bits, x_lib, x_ask, EPOCHS, PEAK)
if better:
    rows, _ = hamming_nearest(*better, k=10)
    mine = np.mean(y_lib[rows] == y_ask[:, None], axis=1)
    print(
        f"P@10 {mine.mean():.3f}; median bits {hashed['latent-32'].mean():.3f}"
    )
    mean, low, high = bootstrap_interval(mine - hashed["latent-32"])
    print(f"difference {mean:+.3f}, interval {low:+.3f} to {high:+.3f}")

# %% [markdown]
# ## Summary
#
# - The error of the copy is a score for oddness. It is a distance to what the
#   code can say.
# - The threshold comes from normal data that was kept back, split by what will
#   be new in use.
# - ROC shows all thresholds. How many alarms are right depends on how rare
#   anomalies are.
# - What is simple and made of known parts is copied, known or not: the 1. A
#   wider code is a worse detector.
# - A short code searches about as well as the pixels. It need not beat PCA.
#   Bits keep most of it in four bytes.
#
# **Open questions.** Could a model say how *probable* a picture is, instead of
# how well it is copied? (Chapter 9. It does not settle the matter: such models
# too have called simple pictures probable.) What would "alike" mean with a few
# labels? (Chapter 7.)
#
# **References.** Fawcett 2006, *An introduction to ROC analysis*. Saito and
# Rehmsmeier 2015, *The precision-recall plot is more informative than the ROC
# plot*. Ruff et al. 2021, *A unifying review of deep and shallow anomaly
# detection*. Nalisnick et al. 2019, *Do deep generative models know what they
# don't know?* McSharry et al. 2003, *A dynamical model for generating
# synthetic electrocardiogram signals*. Salakhutdinov and Hinton 2009,
# *Semantic hashing*.
