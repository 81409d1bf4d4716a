# %% [markdown]
# # 4 The convolutional autoencoder
#
# Convolutions see that a picture has rows and columns. On the way down they
# gather, on the way up they must paint, and there are many ways to paint.
#
# After this chapter you can
#
# - **shrink** a picture by strides and by pooling, and say what each forgets,
# - **enlarge** it in six ways,
# - **build** a convolutional autoencoder and count what it costs,
# - **look** at what a layer sees,
# - **explain** where checkerboards come from, and measure them.

# %% tags=["imports"]
import time
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from course.budget import announce, budget, by_budget
from course.convolution import conv, conv_transpose, overlap_counts
from course.data import load_digits
from course.display import draw_images, draw_rows, draw_weights
from course.exercises import attempt, check
from course.gates import gate
from course.judge import load_judge
from course.layers import MaxPoolWithPlaces, MaxUnpool, PixelShuffle
from course.metrics import mse_per_image
from course.panels import show_source
from course.quiet import keras
from course.reproducibility import set_seed
from course.spectra import parity_energy, power_spectrum
from course.training import Progress, steps_per_epoch, warmup_cosine
from course.widgets import Axis, explore

layers = keras.layers

# %%
SEED = 0
ROWS = by_budget(full=60_000, quick=40_000)  # training pictures
EPOCHS = by_budget(full=4, quick=1)
LONGER = 6  # epochs of method 1, in the full budget
DENSE_EPOCHS = by_budget(full=20, quick=5)
REPEATS = by_budget(full=3, quick=1)  # networks of each of the two methods
BATCH_SIZE = 128
PEAK = 1e-2  # of the learning rate
LATENT_DIM = 32
NETS = by_budget(full=60, quick=30)  # untrained decoders of each kind

set_seed(SEED)
plt.style.use("course.style")
announce("ch04_convolutional_autoencoder")

# %%
(x_train, y_train), (x_test, y_test) = load_digits()
judge = load_judge(x_train, y_train)
x, xt = x_train[:ROWS], x_test  # (n, 28, 28, 1): rows and columns stay

# %%
fig, ax = plt.subplots(figsize=(8, 1.8))
draw_images(ax, xt[:20], columns=10)
plt.show()

# %% [markdown]
# The digits of chapter 1. There each picture became a row of 784 numbers, and
# the network could not know which pixels are neighbours. Mix up the pixels in
# the same way in every picture, and it learns as well as before. From here on
# pictures stay pictures.

# %% [markdown]
# ## What a convolution keeps
#
# A convolution asks one question of every place: how much does it look like
# my kernel? Here is a kernel that asks for a dark pixel to the right of a
# white one, and a picture of one dot.

# %% tags=["nbval-check-output"]
edge = np.array([[-1, 1]])
dot = np.zeros((3, 6), dtype=int)
dot[1, 2] = 1
print(conv(dot, edge))
print(conv(np.roll(dot, 2, axis=1), edge))

# %% [markdown]
# The dot moved by two columns, and the answer moved with it. A kernel that
# has learned an edge knows it everywhere. (A dense layer would have to learn
# it anew for each place.) So the answers say *what*, and where they stand
# says *where*. Four kernels on a digit:

# %%
kernels = {
    "left edge": np.array([[-1, 1]]),
    "top edge": np.array([[-1], [1]]),
    "blur": np.full((5, 5), 1 / 25),
    "outline": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]) / 8,
}
digit = xt[0, ..., 0].astype(float)
fig, axes = plt.subplots(1, 5, figsize=(9, 2))
draw_images(axes[0], digit[None], columns=1, title="digit")
for ax, (name, kernel) in zip(axes[1:], kernels.items(), strict=True):
    filtered = conv(digit, kernel, padding="same")
    draw_weights(ax, filtered[None], columns=1, title=name)
plt.show()

# %% [markdown]
# Filtered images: orange where the answer is positive, purple where it is
# negative. The left-edge kernel answers where ink begins, and the other way
# round where it ends. A network chooses such kernels for itself; below we
# look at the ones it chose.

# %% [markdown]
# ## Going down
#
# Sixteen answers are too many. There are three usual ways to make four of
# them: a **stride** of 2 asks only at every second place; **pooling** asks
# everywhere and keeps the largest answer of each window, or the average.

# %% tags=["nbval-check-output"]
answers = np.array([[1, 0, 2, 3], [4, 6, 6, 8], [3, 1, 1, 0], [1, 2, 2, 4.0]])
square = answers.reshape(1, 4, 4, 1)
ones = np.ones((1, 1))
print("stride 2\n", conv(answers, ones, stride=2))
for pool in (layers.MaxPooling2D, layers.AveragePooling2D):
    print(pool.__name__ + "\n", np.array(pool(2)(square))[0, ..., 0])

# %% [markdown]
# The stride took the upper left one of each window and never saw the others.
# (With a larger kernel it sees them, and an average is one thing that it can
# learn.) Now move the dot inside its window, and ask the maximum again.

# %% tags=["nbval-check-output"]
for column in (2, 3):
    dot = np.zeros((1, 2, 4, 1))
    dot[0, 1, column] = 1
    print(column, np.array(layers.MaxPooling2D(2)(dot)).ravel())

# %% [markdown]
# The same answer. This is what a network that names digits wants: *what*
# remains, *where* is dropped, step by step. It isolates content and discards
# spatial detail. An autoencoder pays for that later, because its decoder has
# to say where. With strides the network can choose what to keep, and it is
# quicker, since what would be thrown away is never computed. We use strides.

# %% [markdown]
# ## Going up
#
# Now back, from 2 by 2 to 4 by 4. Three ways need nothing but the picture:
# **nearest** repeats, **bilinear** draws straight lines between pixels,
# **bicubic** draws smooth curves.

# %% tags=["nbval-check-output"]
small = np.array([[0.0, 4], [8, 12]], dtype="float32").reshape(1, 2, 2, 1)
for way in ("nearest", "bilinear", "bicubic"):
    large = layers.UpSampling2D(2, interpolation=way)(small)
    print(way + "\n", np.array(large)[0, ..., 0].round(2))

# %% [markdown]
# Why 0, 1, 3, 4 and not 0, 1.33, 2.67, 4? A pixel is a small square, and its
# value belongs to the **centre**. The centres of the large picture lie at
# −¼, ¼, ¾ and 1¼ of the small one. At ¼ stands ¾ · 0 + ¼ · 4 = 1. Outside of
# the outer centres bilinear repeats the edge. (This convention is called
# half-pixel centres; Keras uses it. Others put corner on corner.) Bicubic
# overshoots: there is a value below 0 and one above 12.
#
# Three more ways need to be told something. **Max-unpooling** remembers from
# which place each maximum came, and puts it back there.

# %% tags=["nbval-check-output"]
values, places = MaxPoolWithPlaces(2)(square)
unpooled = MaxUnpool(2)(values, places)
print("values\n", np.array(values)[0, ..., 0])
print("places\n", np.array(places)[0, ..., 0])
print("unpooled\n", np.array(unpooled)[0, ..., 0])

# %%
show_source(MaxUnpool.call)

# %% [markdown]
# ### Exercise 4.1: unpool by hand
#
# Two arrays of *h* by *w* come in: the values, and the place of each in its
# window of 2 by 2, counted row by row (0 1 above 2 3). Return the picture,
# 2*h* by 2*w*, zero where nothing was put. Values [[6, 8]] and places
# [[3, 0]] give [[0, 0, 8, 0], [0, 6, 0, 0]].


# %% exercise="4.1"
def unpool(values, places):
    """values and places, each (h, w) -> (2h, 2w), zero elsewhere."""
    ### BEGIN SOLUTION
    h, w = values.shape
    picture = np.zeros((2 * h, 2 * w))
    rows, columns = np.indices((h, w))
    picture[2 * rows + places // 2, 2 * columns + places % 2] = values
    return picture
    ### END SOLUTION


# %% check="4.1"
check("4.1", unpool)


# %% mistakes="4.1"
def column_by_column(values, places):
    """the places count row by row: 1 stands to the right of 0, not below."""
    h, w = values.shape
    picture = np.zeros((2 * h, 2 * w))
    rows, columns = np.indices((h, w))
    picture[2 * rows + places % 2, 2 * columns + places // 2] = values
    return picture


def upper_left(values, places):
    """every value stands at place 0 of its window. Use the places."""
    picture = np.zeros((2 * values.shape[0], 2 * values.shape[1]))
    picture[::2, ::2] = values
    return picture


def everywhere(values, places):
    """this is nearest. Each value stands once, the rest is zero."""
    return np.kron(values, np.ones((2, 2)))


def no_windows(values, places):
    """the window of value (i, j) begins at row 2i and column 2j."""
    h, w = values.shape
    picture = np.zeros((2 * h, 2 * w))
    rows, columns = np.indices((h, w))
    picture[rows + places // 2, columns + places % 2] = values
    return picture


# %% [markdown]
# **Transposed convolution** pastes its kernel once for each number, as in
# chapter 3. With a stride of 2 and a kernel of 2 by 2 the pastes lie side by
# side. **Pixel shuffle** (depth to space) takes four channels and lays them
# out as a block of 2 by 2 pixels.

# %% tags=["nbval-check-output"]
kernel = np.array([[1, 2], [3, 4]])
print(conv_transpose(np.array([[1, 10]]), kernel, stride=2))
four_channels = np.array([1, 2, 3, 4, 10, 20, 30, 40]).reshape(1, 1, 2, 4)
print(np.array(PixelShuffle(2)(four_channels))[0, ..., 0])

# %% [markdown]
# Twice the same picture. The four channels hold what the kernel made of the
# number: pixel shuffle after a 1 by 1 convolution *is* a transposed
# convolution with kernel 2 and stride 2, computed in another order.
#
# ### Exercise 4.2: nearest is one of them
#
# Which kernel makes a transposed convolution with stride *f* enlarge *f* times
# by nearest? Return it for any whole *f*. For *f* = 1 it is [[1.0]].


# %% exercise="4.2"
def repeating_kernel(factor):
    """The kernel, as an array."""
    ### BEGIN SOLUTION
    return np.ones((factor, factor))
    ### END SOLUTION


# %% check="4.2"
check("4.2", repeating_kernel)


# %% mistakes="4.2"
def an_average(factor):
    """this divides by the number of copies. A copy is as dark as its pixel."""
    return np.ones((factor, factor)) / factor**2


def on_the_diagonal(factor):
    """this fills the diagonal of each block. Repeat in the whole block."""
    return np.eye(factor)


def one_corner(factor):
    """this leaves zeros between the pixels. Every pixel has to be filled."""
    corner = np.zeros((factor, factor))
    corner[0, 0] = 1
    return corner


def one_row(factor):
    """this repeats along the columns only. Rows have to be repeated too."""
    return np.ones((1, factor))


# %% [markdown]
# One digit, made half as large and enlarged again by all of them. The
# transposed convolution has a kernel of 3 by 3, drawn at random: it has
# learned nothing yet.

# %%
whole = xt[:1000]
half = layers.AveragePooling2D(2)(whole)  # (1000, 14, 14, 1)
ways = {
    way: layers.UpSampling2D(2, interpolation=way)(half)
    for way in ("nearest", "bilinear", "bicubic")
}
ways["max-unpooling"] = MaxUnpool(2)(*MaxPoolWithPlaces(2)(whole))
quarters = keras.ops.space_to_depth(whole, 2)  # (1000, 14, 14, 4)
ways["pixel shuffle"] = PixelShuffle(2)(quarters)
set_seed(SEED)
pasted = layers.Conv2DTranspose(1, 3, strides=2, padding="same")(half)
ways["transposed, untrained"] = pasted / np.abs(pasted).max()
ways = {name: np.array(pictures) for name, pictures in ways.items()}

# %%
fig, axes = plt.subplots(2, 4, figsize=(9, 4.6))
axes = axes.ravel()
draw_images(axes[0], whole[:1], columns=1, title="digit\n")
draw_images(axes[1], half[:1], columns=1, title="half as large\n")
for ax, (name, pictures) in zip(axes[2:], ways.items(), strict=True):
    error = mse_per_image(whole, pictures).mean()
    trained = "untrained" not in name
    words = f"{name}\nMSE {error:.4f}" if trained else f"{name}\n"
    draw = draw_images if trained else draw_weights
    draw(ax, pictures[:1, ..., 0], columns=1, title=words)
plt.show()

# %% [markdown]
# The MSE is the mean over 1,000 digits. Nearest makes steps, bilinear blurs,
# bicubic is a little sharper. Max-unpooling has every stroke in its place,
# with holes. Pixel shuffle returns the digit itself: it got four channels, so
# nothing had been thrown away. And the untrained transposed convolution has
# laid a grid over the digit. Keep that grid in mind.

# %% [markdown]
# ## Two methods for a decoder
#
# The lecture notes behind this course name two ways to double the size in a
# decoder. **Method 1** is a transposed convolution with kernel 2 and stride 2.
# **Method 2** enlarges by nearest, then convolves. Whichever it is, it stands
# in the same place. The rest is the plan of many image generators (DCGAN,
# 2016): a dense layer, 7 by 7 with many channels, 14 by 14, 28 by 28.


# %%
def doubling(method, kernel, channels, activation):
    """The layers that double rows and columns."""
    settings = dict(padding="same", activation=activation)
    if method == "transposed":
        return [layers.Conv2DTranspose(channels, kernel, strides=2, **settings)]
    return [
        layers.UpSampling2D(2),  # nearest
        layers.Conv2D(channels, kernel, **settings),
    ]


# %%
def build_decoder(method, kernel):
    """LATENT_DIM -> 7x7x32 -> 14x14x16 -> 28x28x1."""
    return keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.Dense(7 * 7 * 32, activation="relu"),
            layers.Reshape((7, 7, 32)),
            *doubling(method, kernel, 16, "relu"),  # (b, 14, 14, 16)
            *doubling(method, kernel, 1, "sigmoid"),  # (b, 28, 28, 1)
        ],
        name="decoder",
    )


# %%
def build_encoder():
    """28x28x1 -> 14x14x8 -> 7x7x32 -> LATENT_DIM."""
    settings = dict(strides=2, padding="same", activation="relu")
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, **settings),  # (b, 14, 14, 8)
            layers.Conv2D(32, 3, **settings),  # (b, 7, 7, 32)
            layers.Flatten(),
            layers.Dense(LATENT_DIM),
        ],
        name="encoder",
    )


# %% [markdown]
# With the same kernel size both methods train the same number of weights.

# %% tags=["nbval-check-output"]
KINDS = {
    "method 1: transposed, kernel 2": ("transposed", 2),
    "method 2: nearest, kernel 2": ("nearest", 2),
    "transposed, kernel 3": ("transposed", 3),
    "transposed, kernel 4": ("transposed", 4),
    "nearest, kernel 3": ("nearest", 3),
}
for name, kind in KINDS.items():
    decoder = build_decoder(*kind)
    shape = decoder.output_shape[1:]
    print(f"{name:31} {decoder.count_params():,} parameters -> {shape}")

# %% [markdown]
# ### Exercise 4.3: what does a method cost?
#
# The layer goes from *n* by *n* to 2*n* by 2*n*, with a square kernel. Return
# two whole numbers: its parameters (weights and one bias for each channel that
# goes out), and how many multiplications it does for one picture. Method 1
# pastes the kernel once for each place of the *small* picture; method 2 asks
# at each place of the *large* one (multiply with the zeros of the padding as
# well). From 1 by 1, one channel in and one out, kernel 2: 5 parameters each,
# 4 multiplications for method 1 and 16 for method 2.


# %% exercise="4.3"
def doubling_cost(method, n, kernel, channels_in, channels_out):
    """method is 1 or 2. -> (parameters, multiplications), two ints."""
    ### BEGIN SOLUTION
    weights = kernel * kernel * channels_in * channels_out
    places = n * n if method == 1 else 2 * n * 2 * n
    return weights + channels_out, places * weights
    ### END SOLUTION


# %% check="4.3"
check("4.3", doubling_cost)


# %% mistakes="4.3"
def the_same_cost(method, n, kernel, channels_in, channels_out):
    """method 2 convolves the large picture. How many places has that?"""
    weights = kernel * kernel * channels_in * channels_out
    return weights + channels_out, n * n * weights


def exchanged(method, n, kernel, channels_in, channels_out):
    """the methods have changed places: method 1 pastes from the small one."""
    weights = kernel * kernel * channels_in * channels_out
    places = n * n if method == 2 else 4 * n * n
    return weights + channels_out, places * weights


def without_biases(method, n, kernel, channels_in, channels_out):
    """each channel that goes out has a bias: one more parameter."""
    weights = kernel * kernel * channels_in * channels_out
    places = n * n if method == 1 else 4 * n * n
    return weights, places * weights


def twice_the_places(method, n, kernel, channels_in, channels_out):
    """twice the rows and twice the columns are four times the places."""
    weights = kernel * kernel * channels_in * channels_out
    places = n * n if method == 1 else 2 * n * n
    return weights + channels_out, places * weights


# %% [markdown]
# Guess before you train: which method copies better, with the same number of
# weights, the same pictures and the same number of epochs?


# %%
def fit_images(
    model, x, epochs, label, peak=PEAK, batch_size=BATCH_SIZE, jit=False
):
    """Train on the images x as their own labels. -> CPU seconds."""
    steps = steps_per_epoch(x, batch_size)
    model.compile(
        optimizer=keras.optimizers.Adam(
            warmup_cosine(peak, epochs, steps, warmup_epochs=0.25)
        ),
        loss="binary_crossentropy",
        jit_compile=jit,  # compiling makes convolutions slower on a CPU
        steps_per_execution=steps,
    )
    start = time.process_time()
    model.fit(
        x,
        x,
        epochs=epochs,
        batch_size=batch_size,
        verbose=0,
        callbacks=[Progress(label)],
    )
    return time.process_time() - start


# %%
def train_doubling(kind, x, xt, epochs, seed, label):
    """-> the model, its copies of xt, its CPU seconds."""
    set_seed(seed)
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), build_encoder(), build_decoder(*kind)]
    )
    seconds = fit_images(model, x, epochs, label)
    return model, model.predict(xt, batch_size=1000, verbose=0), seconds


# %%
method_1, method_2, wide_3, wide_4, nearest_3 = KINDS
plan = [
    (name, EPOCHS, SEED + i)
    for name in (method_1, method_2)
    for i in range(REPEATS)
]
plan += [(wide_4, EPOCHS, SEED)]
if budget() == "full":
    plan += [(wide_3, EPOCHS, SEED), (nearest_3, EPOCHS, SEED)]
    plan += [(method_1, LONGER, SEED)]

# %%
models, copies, mse, flips, cpu = {}, {}, {}, {}, {}
for run in plan:
    name, epochs, seed = run
    label = f"{name}, seed {seed}"
    result = train_doubling(KINDS[name], x, xt, epochs, seed, label)
    models[run], copies[run], cpu[run] = result
    mse[run] = mse_per_image(xt, copies[run]).mean()
    flips[run] = judge.flips(xt, copies[run]).mean()

# %% [markdown]
# And chapter 1's network, 784-32-784 with a ReLU: a code of the same size.

# %%
set_seed(SEED)
dense = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(LATENT_DIM, activation="relu"),
        layers.Dense(784, activation="sigmoid"),
        layers.Reshape((28, 28, 1)),
    ]
)
dense_cpu = fit_images(
    dense, x, DENSE_EPOCHS, "chapter 1's network", 3e-3, 256, jit=True
)
dense_copies = dense.predict(xt, batch_size=1000, verbose=0)
dense_mse = mse_per_image(xt, dense_copies).mean()
dense_flips = judge.flips(xt, dense_copies).mean()


# %%
def over_seeds(values, name, epochs):
    """The values of one kind of network, one for each seed."""
    return np.array(
        [v for run, v in values.items() if run[:2] == (name, epochs)]
    )


# %%
print(f"{'':32}epochs      MSE (range)        flips  CPU s")
print(
    f"{'chapter 1, dense':32}{DENSE_EPOCHS:4}  {dense_mse:.4f}"
    f"{'':19} {dense_flips:5.1%}  {dense_cpu:5.0f}"
)
for name, epochs in dict.fromkeys(run[:2] for run in plan):
    errors = over_seeds(mse, name, epochs)
    print(
        f"{name:32}{epochs:4}  {errors.mean():.4f} "
        f"({errors.min():.4f} to {errors.max():.4f}) "
        f"{over_seeds(flips, name, epochs).mean():5.1%}  "
        f"{over_seeds(cpu, name, epochs).mean():5.0f}"
    )

# %%
best = copies[method_2, EPOCHS, SEED]
fig, ax = plt.subplots(figsize=(8, 2.6))
draw_rows(
    ax,
    {
        "input": xt[:10],
        "chapter 1": dense_copies[:10],
        "method 2": best[:10],
    },
)
plt.show()

# %% [markdown]
# The same 32 numbers, and cleaner copies: the dense network leaves a grey haze
# around its strokes, the convolutional one hardly any.

# %%
mean_mse = {
    (name, epochs): over_seeds(mse, name, epochs).mean()
    for name, epochs, _ in plan
}
gate(
    "method 2 beats chapter 1's network of the same code size, MSE ratio",
    mean_mse[method_2, EPOCHS] / dense_mse,
    at_most=0.9,  # measured 0.44 to 0.53 in full, 0.53 to 0.64 in quick
)
gate(
    "method 2 beats method 1 at equal parameters and epochs, MSE ratio",
    mean_mse[method_2, EPOCHS] / mean_mse[method_1, EPOCHS],
    at_most=0.95,  # measured 0.83 to 0.88 in full, 0.63 to 0.76 in quick
)
gate(
    "the digits stay themselves no less often, flips ratio to chapter 1",
    over_seeds(flips, method_2, EPOCHS).mean() / dense_flips,
    # measured 0.40 to 0.52 in full, 0.59 to 0.84 in quick
    at_most=by_budget(full=0.9, quick=1.2),
)

# %% [markdown]
# ## Why does method 2 win?
#
# Because of its upsampling? Look at what one number can reach. Here a single 1
# goes up through method 2, with a kernel of 2 by 2.

# %% tags=["nbval-check-output"]
one = np.zeros((3, 3), dtype=int)
one[1, 1] = 1
kernel = np.array([[1, 2], [3, 4]])
repeated = np.kron(one, np.ones((2, 2), dtype=int))
print(conv(repeated, kernel, padding="same"))

# %% [markdown]
# A patch of 3 by 3. So method 2 with kernel 2 *is* a transposed convolution
# with kernel 3 and stride 2, whose nine weights are made of four. Method 1
# with kernel 2 reaches 2 by 2: neighbours never touch the same pixel, and
# nobody can mend the seam between two patches. That it is the same for every
# picture, we can check.

# %% tags=["nbval-check-output"]
patch = conv(repeated, kernel, padding="same")[1:4, 1:4]
picture = np.arange(1, 10).reshape(3, 3)
repeated = np.kron(picture, np.ones((2, 2), dtype=int))
by_method_2 = conv(repeated, kernel, padding="same")
pasted = conv_transpose(picture, patch, stride=2)[1:, 1:]
print(np.array_equal(by_method_2, pasted))

# %% [markdown]
# Then a transposed convolution that reaches its neighbours should be good as
# well. Kernel 3 can do all that method 2 does, up to a shift by one pixel;
# kernel 4 does exactly as many multiplications as method 2 (Exercise 4.3 can
# tell you). The table above has both in the full budget, and kernel 4 in the
# quick one.

# %%
reaching = [v for (name, _), v in mean_mse.items() if name in (wide_3, wide_4)]
gate(
    "kernels that reach their neighbours beat kernel 2, larger MSE ratio",
    max(reaching) / mean_mse[method_1, EPOCHS],
    at_most=1.0,  # measured 0.63 to 0.87
)
gate(
    "and come near to method 2, larger MSE ratio",
    max(reaching) / mean_mse[method_2, EPOCHS],
    at_most=1.4,  # measured 0.94 to 1.13
)

# %% [markdown]
# So most of it is the reach. The rest is the start: after a single epoch the
# transposed convolutions are still a little behind, although they can do all
# that method 2 does. (The homework asks whether their random start holds them
# up.)
#
# And there is the time. For each epoch method 2 takes nearly half as long
# again. In the full budget the table has a line with six epochs of method 1,
# which take about as long as four of method 2. The best bargain there is the
# transposed convolution with kernel 4: fewer seconds than method 2, and an
# error that is no larger.

# %% [markdown]
# ## What a layer sees
#
# The first layer of the encoder has chosen 8 kernels of 3 by 3. Here they
# are, and what they answer to one digit: filtered images, as above.

# %%
encoder = models[method_2, EPOCHS, SEED].get_layer("encoder")
first_layer = encoder.layers[0]
seen = np.array(first_layer(xt[:1]))[0]  # (14, 14, 8)
learned = first_layer.get_weights()[0][:, :, 0]  # (3, 3, 8)
fig, axes = plt.subplots(1, 3, figsize=(9, 2), width_ratios=(1, 2, 2))
draw_images(axes[0], xt[:1], columns=1, title="digit")
draw_weights(axes[1], np.moveaxis(learned, 2, 0), columns=4, title="kernels")
largest = seen.max(axis=(0, 1))[:, None, None]
maps = np.moveaxis(seen, 2, 0) / (largest + 1e-6)  # each in its own scale
draw_images(axes[2], maps, columns=4, title="feature maps")
plt.show()

# %% [markdown]
# Each map stands where its kernel stands. Kernels with orange on one side and
# purple on the other ask for an edge, and their maps show one side of the
# strokes. Others ask for ink, and a few for paper. A map that is empty belongs
# to a kernel with nothing to say about this digit, or to one that has died.

# %%
second_layer = encoder.layers[1]
deeper = np.array(second_layer(first_layer(xt[:1])))[0]  # (7, 7, 32)
fig, ax = plt.subplots(figsize=(9, 2.6))
largest = deeper.max(axis=(0, 1))[:, None, None]
maps = np.moveaxis(deeper, 2, 0) / (largest + 1e-6)
draw_images(ax, maps, columns=16, title="second layer: 32 maps of 7 by 7")
plt.show()

# %% [markdown]
# One layer on. Each pixel of a map now answers to a patch of 7 by 7 pixels of
# the picture, and says that a certain piece of stroke is about there. The
# digit can just be recognised: more *whats*, fewer *wheres*. The dense layer
# that follows keeps no place at all, and from its 32 numbers the decoder has
# to say where again.

# %% [markdown]
# ## Checkerboards
#
# Remember the grid of the untrained transposed convolution. Where does it
# come from? How many windows reach each pixel, if the stride is 2?

# %% tags=["nbval-check-output"]
for kernel in (2, 3, 4):
    print(f"kernel {kernel}\n{overlap_counts((3, 3), kernel, stride=2)}")

# %% [markdown]
# With kernel 3 the counts are 1, 2 and 4, in turns: a checkerboard, if all
# weights are alike. With kernels 2 and 4 the inside is even, because 2 divides
# them. Hence the advice that you will read everywhere: choose a kernel that
# the stride divides (Odena et al. 2016).

# %%
inside = {
    kernel: np.unique(overlap_counts((6, 6), kernel, 2)[3:-3, 3:-3])
    for kernel in (2, 3, 4)
}
gate("kernel 2: different counts inside", len(inside[2]), at_most=1)
gate("kernel 4: different counts inside", len(inside[4]), at_most=1)
gate(
    "kernel 3: the counts 1, 2 and 4 inside",
    np.array_equal(inside[3], [1, 2, 4]),
    at_least=1,
)

# %% [markdown]
# ### Exercise 4.4: predict the tile
#
# Inside, the counts repeat every *stride* rows and columns. Return one such
# tile, from a row and a column where a window begins. For kernel 3 and stride
# 2 it is [[4, 2], [2, 1]]: where one window begins, another still covers.


# %% exercise="4.4"
def overlap_tile(kernel, stride):
    """Counts inside, an int array (stride, stride)."""
    ### BEGIN SOLUTION
    # Pixel a of the tile is reached by the windows that began a, a + stride,
    # a + 2 stride ... pixels ago, as long as that is less than the kernel.
    counts = [len(range(a, kernel, stride)) for a in range(stride)]
    return np.outer(counts, counts)
    ### END SOLUTION


# %% check="4.4"
check("4.4", overlap_tile)


# %% mistakes="4.4"
def from_the_end(kernel, stride):
    """the tile begins where a window begins: the largest count comes first."""
    counts = [len(range(a, kernel, stride)) for a in range(stride)]
    return np.outer(counts[::-1], counts[::-1])


def added(kernel, stride):
    """rows and columns multiply: 2 windows down times 2 across are 4."""
    counts = np.array([len(range(a, kernel, stride)) for a in range(stride)])
    return counts[:, None] + counts


def rounded_down(kernel, stride):
    """kernel // stride is the smallest count. Some pixels get one more."""
    return np.full((stride, stride), (kernel // stride) ** 2)


def one_axis(kernel, stride):
    """these are the counts along one axis. Return the tile, rows by columns."""
    return np.array([len(range(a, kernel, stride)) for a in range(stride)])


# %% [markdown]
# But weights are not all alike. Here is a kernel of 2 by 2, whose overlap is as
# even as can be, and a picture without any feature: all ones.

# %% tags=["nbval-check-output"]
flat = np.ones((3, 3), dtype=int)
print(conv_transpose(flat, np.array([[5, 0], [0, 1]]), stride=2))

# %% [markdown]
# A grid again. What counts is not how many weights meet at a pixel but what
# they **add up to**, at even and at odd rows and columns. An even overlap does
# not make these sums equal. An uneven one does not forbid it, either: the patch
# of method 2 has kernel 3.

# %% tags=["nbval-check-output"]
print(patch)
print(conv_transpose(flat, patch, stride=2)[1:-1, 1:-1])

# %% [markdown]
# No grid: at every inner pixel the weights add up to 1 + 2 + 3 + 4. Method 2
# *cannot* paint a grid onto a flat picture, whatever its weights.
#
# That is theory. Now many decoders of each kind, untrained, with random codes.
# Which of them will show a grid?


# %%
def untrained_pictures(kind, nets, seed, codes=4):
    """Pictures of fresh decoders. -> (nets, codes, 28, 28)"""
    set_seed(seed)
    rng = np.random.default_rng(seed)
    pictures = []
    for _ in range(nets):
        z = rng.normal(size=(codes, LATENT_DIM)).astype("float32")
        pictures.append(np.array(build_decoder(*kind)(z))[..., 0])
    return np.array(pictures)


fresh = {
    name: untrained_pictures(kind, NETS, SEED) for name, kind in KINDS.items()
}


# %%
def stretch(picture):
    """From 0 to 1, so that faint things are seen."""
    return (picture - picture.min()) / (picture.max() - picture.min())


# %%
def loudness(pictures):
    """Spread at each pixel over all pictures. (..., 28, 28) -> (28, 28)"""
    pictures = pictures.reshape(-1, 28, 28)
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    return np.sqrt(np.mean(centred**2, axis=0))


# %%
def inner_spectrum(pictures):
    """Log share of the power at each frequency, inside. -> (20, 20)"""
    stack = pictures.reshape(-1, 28, 28)[:, 4:-4, 4:-4]
    spectrum = power_spectrum(stack).mean(axis=0)
    return np.log10(spectrum / spectrum.sum() + 1e-6)


# %%
fig, axes = plt.subplots(3, len(KINDS), figsize=(9.5, 6.3))
ends = (-0.525, 0.475, 0.475, -0.525)  # middles of the pixels at k / 20
for column, (name, pictures) in zip(axes.T, fresh.items(), strict=True):
    title = name.replace(": ", ":\n").replace(", ", ",\n", 2 - name.count(":"))
    draw_images(column[0], stretch(pictures[0, 0])[None], 1, title=title)
    loud = loudness(pictures)
    draw_images(column[1], loud[None] / loud.max(), 1)
    column[2].imshow(inner_spectrum(pictures), vmin=-5, vmax=-1, extent=ends)
    column[2].set(xticks=(-0.5, 0), yticks=(-0.5, 0))
for row, word in zip(
    axes, ("one decoder", "loudness", "spectrum"), strict=True
):
    row[0].text(
        -0.35, 0.5, word, rotation=90, va="center", transform=row[0].transAxes
    )
axes[2, 2].set_xlabel("cycles per pixel")
plt.show()

# %% [markdown]
# Top: the picture of one decoder of each kind. Middle: how loud each pixel is
# over all decoders, black the loudest. Bottom: the mean spectrum of the inner
# 20 by 20 pixels, on a logarithmic scale, dark for much power; what changes
# slowly stands in the middle, what changes with every pixel at −½, left and
# top. The transposed convolutions have dark dots there and at ±¼: the grids of
# their two layers. With nearest the same places are light.

# %%
parity = {
    name: parity_energy(pictures.reshape(-1, 28, 28)[:, 4:-4, 4:-4]).mean()
    for name, pictures in fresh.items()
}
noise = np.random.default_rng(SEED).normal(size=(500, 20, 20))
parity["white noise"] = parity_energy(noise).mean()
parity["digits"] = parity_energy(xt[:1000, 4:-4, 4:-4]).mean()
for name, share in parity.items():
    print(f"{name:32}{share:.4f}")

# %% [markdown]
# The number is the **parity energy**: the share of a picture's variance that
# hangs on whether row and column are even or odd. It is the power at the
# middles and the corners of the rim. Every transposed convolution paints
# about a quarter of its picture as a grid, kernel 4 no less than kernel 3.
# Method 2 has less of it than white noise has by chance.

# %%
transposed = [name for name in KINDS if KINDS[name][0] == "transposed"]
nearest = [name for name in KINDS if KINDS[name][0] == "nearest"]
gate(
    "every untrained transposed convolution paints a grid, smallest share",
    min(parity[name] for name in transposed),
    at_least=0.1,  # measured 0.21 to 0.26
)
gate(
    "nearest and a convolution do not, largest share",
    max(parity[name] for name in nearest),
    at_most=0.01,  # measured 0.0013 to 0.0015
)
gate(
    "an even overlap is no cure: share of kernel 4 over share of kernel 3",
    parity["transposed, kernel 4"] / parity["transposed, kernel 3"],
    at_least=0.6,  # measured 1.1 to 1.3
)

# %% [markdown]
# And what does the uneven overlap do? It makes some pixels louder than others:
# with more random weights on a pixel, its values spread more. Through both
# layers of kernel 3, count the ways from the 7 by 7 to each pixel; the spread
# should go with the square root of that.


# %%
def ways_to_reach(kernel):
    """Paths through two doublings with stride 2. -> (28, 28)"""
    weights = np.ones((kernel, kernel), dtype=int)
    once = conv_transpose(np.ones((7, 7), int), weights, 2, "same")
    return conv_transpose(once, weights, 2, "same")


measured = loudness(fresh["transposed, kernel 3"])[4:-4, 4:-4]
predicted = np.sqrt(ways_to_reach(3))[4:-4, 4:-4]
gate(
    "kernel 3 is loud where windows overlap, correlation",
    np.corrcoef(measured.ravel(), predicted.ravel())[0, 1],
    at_least=0.8,  # measured 0.95 to 0.98
)

# %% [markdown]
# So there are two faults, and they are often confused. Uneven overlap makes a
# grid of *loudness*, the same in every decoder, and a kernel that the stride
# divides cures it. Unequal sums make a grid of *grey*, another one in each
# decoder, and only balanced kernels cure that.
#
# Does training cure it? We train two decoders once more, and stop now and
# then to look.

# %%
STOPS = (0, 10, 20, 40, 80)


def watch(kind, x, xt, seed):
    """Copies of xt after each of the STOPS. -> (stops, n, 28, 28)"""
    set_seed(seed)
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), build_encoder(), build_decoder(*kind)]
    )
    model.compile(keras.optimizers.Adam(3e-3), "binary_crossentropy")
    snapshots = [model.predict(xt, batch_size=250, verbose=0)]
    for start, stop in pairwise(STOPS):
        batch = x[start * BATCH_SIZE : stop * BATCH_SIZE]
        model.fit(batch, batch, batch_size=BATCH_SIZE, verbose=0)
        snapshots.append(model.predict(xt, batch_size=250, verbose=0))
    return np.array(snapshots)[..., 0]


# %%
watched = {
    name: watch(KINDS[name], x, xt[:250], SEED) for name in (wide_3, method_2)
}

# %%
sheets = {
    (name, stop): np.concatenate([xt[:6, ..., 0], snapshots[i][:6]])
    for name, snapshots in watched.items()
    for i, stop in enumerate(STOPS)
}


# %%
def six_copies(points):
    """The sheet, input above copies, for each (name, stop)."""
    return [
        np.concatenate(
            [np.concatenate(list(row), axis=1) for row in (s[:6], s[6:])]
        )
        for s in (sheets[point] for point in points)
    ]


# %%
explore(
    [
        Axis("decoder", list(watched), start=0),
        Axis("training steps", STOPS, start=0),
    ],
    six_copies,
    title="Six digits and their copies while the network learns",
)

# %%
fig, ax = plt.subplots(figsize=(6.5, 2.8))
for (name, snapshots), style in zip(
    watched.items(), ("-o", "--s"), strict=True
):
    shares = [parity_energy(s[:, 4:-4, 4:-4]).mean() for s in snapshots]
    ax.plot(np.array(STOPS) + 1, shares, style, label=name)
ax.axhline(parity["digits"], color="C2", linestyle=":", label="the digits")
ax.set(xscale="log", yscale="log")
ax.set(xlabel="training steps + 1", ylabel="parity energy")
ax.legend()
plt.show()

# %% [markdown]
# At the left, before the first step, the grids of above. The transposed
# convolution keeps its grid while it paints the same grey for every input, and
# loses it as soon as digits appear, within some tens of steps: the loss can see
# a grid. After the full training?

# %%
after = {}
for name in KINDS:
    if (name, EPOCHS, SEED) in copies:
        inner = copies[name, EPOCHS, SEED][:1000, 4:-4, 4:-4]
        after[name] = parity_energy(inner).mean()
for name, share in after.items():
    print(f"{name:32}{share:.5f} (the digits: {parity['digits']:.5f})")
gate(
    "after training no kind has more grid than white noise, largest ratio",
    max(after.values()) / parity["white noise"],
    at_most=0.5,  # measured 0.05 to 0.09
)

# %% [markdown]
# Gone in all of them. A pixel error punishes a grid directly, so an autoencoder
# unlearns it first of all. It stays where nothing looks at single pixels, or
# where training stops early: in generators that only have to please another
# network (chapter 10), and in pictures made from gradients, where a stride on
# the way *down* leaves the same grid.

# %% [markdown]
# ## What breaks: 29 by 29
#
# A small slip in a decoder. Before you run it: what is its output's shape?

# %%
slip = keras.Sequential(
    [
        keras.Input((LATENT_DIM,)),
        layers.Dense(7 * 7 * 32, activation="relu"),
        layers.Reshape((7, 7, 32)),
        layers.Conv2DTranspose(16, 3, strides=2, padding="same"),
        layers.Conv2DTranspose(1, 3, strides=2, padding="valid"),
    ]
)
model = keras.Sequential([keras.Input((28, 28, 1)), build_encoder(), slip])
model.compile("adam", "mse")
try:
    model.train_on_batch(xt[:8], xt[:8])
except Exception as error:
    print(type(error).__name__ + ":", str(error).strip().splitlines()[0][:150])

# %% tags=["nbval-check-output"]
for layer in slip.layers[1:]:
    print(f"{layer.__class__.__name__:16} {layer.output.shape[1:]}")

# %% [markdown]
# "same" gives stride · *n*, here 14. "valid" gives stride · (*n* − 1) +
# max(kernel, stride), here 29. The error comes from the loss, far from the
# slip: print the shapes of a decoder before you train it.
#
# ### Exercise 4.5: mend the decoder
#
# A decoder begins with `start` rows and has a transposed convolution for each
# entry of three arrays: kernels, strides, paddings. Its output should have
# `goal` rows. Exactly one padding is wrong. Return the list of paddings with
# that one changed. For start 7, kernels [3, 3], strides [2, 2], paddings
# ["same", "valid"] and goal 28 it is ["same", "same"].


# %% exercise="4.5"
def mended(start, kernels, strides, paddings, goal):
    """-> the paddings, a list of "same" and "valid", one of them changed."""
    ### BEGIN SOLUTION
    for changed in range(len(paddings)):
        tried = list(paddings)
        tried[changed] = "same" if tried[changed] == "valid" else "valid"
        rows = start
        for k, s, padding in zip(kernels, strides, tried, strict=True):
            rows = s * rows if padding == "same" else s * (rows - 1) + max(k, s)
        if rows == goal:
            return tried
    ### END SOLUTION


# %% check="4.5"
check("4.5", mended)


# %% mistakes="4.5"
def all_same(start, kernels, strides, paddings, goal):
    """ "same" everywhere does not always lead to the goal. Work out the sizes."""
    return ["same"] * len(paddings)


def the_last_one(start, kernels, strides, paddings, goal):
    """this changes the last one, always. Which change leads to the goal?"""
    tried = list(paddings)
    tried[-1] = "same" if tried[-1] == "valid" else "valid"
    return tried


def as_it_was(start, kernels, strides, paddings, goal):
    """these are the paddings as they came. One of them has to be changed."""
    return list(paddings)


def the_other_way_round(start, kernels, strides, paddings, goal):
    """this changes every padding. Change one."""
    return ["same" if p == "valid" else "valid" for p in paddings]


# %% [markdown]
# ## Why some convolutions are slow
#
# The best-known Keras tutorial on autoencoders (Chollet 2016) has a
# convolutional one too. It keeps the full 28 by 28 for its first and last
# layers, with few channels. It trains for minutes where ours takes seconds.
# Does it do so much more work?


# %%
def build_tutorial():
    """16, 8 and 8 channels, 3x3, max pooling; its code has 4x4x8 numbers."""
    settings = dict(activation="relu", padding="same")
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, **settings),
            layers.MaxPooling2D(2, padding="same"),
            layers.Conv2D(8, 3, **settings),
            layers.MaxPooling2D(2, padding="same"),
            layers.Conv2D(8, 3, **settings),
            layers.MaxPooling2D(2, padding="same"),  # (b, 4, 4, 8)
            layers.Conv2D(8, 3, **settings),
            layers.UpSampling2D(2),
            layers.Conv2D(8, 3, **settings),
            layers.UpSampling2D(2),
            layers.Conv2D(16, 3, activation="relu"),  # valid: 16 -> 14
            layers.UpSampling2D(2),
            layers.Conv2D(1, 3, activation="sigmoid", padding="same"),
        ]
    )


# %% [markdown]
# (One padding is "valid" on purpose: 4, 8, 16 would end at 32. Sizes can be
# mended from either side.) Two things cost time: to multiply, and to fetch and
# store numbers. We count both, for one picture.


# %%
def count_work(layer, into):
    """-> (multiplications, numbers read and written) for one picture."""
    out = layer.compute_output_shape((None, *into))[1:]
    pasted = isinstance(layer, layers.Conv2DTranspose)
    places = np.prod((into if pasted else out)[:-1], dtype=int)
    work = places * np.prod(layer.kernel.shape)
    return work, np.prod(into) + np.prod(out)


# %% tags=["nbval-check-output"]
networks = {"tutorial": build_tutorial().layers}
for name in (method_1, method_2):
    decoder = build_decoder(*KINDS[name])
    networks[name] = build_encoder().layers + decoder.layers
for name, parts in networks.items():
    counts = [count_work(p, p.input.shape[1:]) for p in parts if p.weights]
    work, moved = np.sum(counts, axis=0)
    print(f"{name:31} {work:9,} multiplications {moved:7,} numbers moved")

# %% [markdown]
# No: it multiplies about as much as method 2. What a processor makes of a
# multiplication differs from layer to layer, and that we can time.


# %%
def multiplications_per_second(layer, into, pictures=1000, turns=8):
    """In thousand millions, for each second of CPU time; the best turn."""
    batch = np.random.default_rng(0).normal(size=(pictures, *into))
    batch = keras.ops.convert_to_tensor(batch.astype("float32"))
    seconds = []
    for _ in range(turns):
        start = time.process_time()
        layer(batch)
        seconds.append(time.process_time() - start)
    return pictures * count_work(layer, into)[0] / min(seconds[1:]) / 1e9


# %%
# name: (filters, stride), (rows, columns, channels that come in)
timed = {
    "3x3, 1 to 16 channels, at 28x28": ((16, 1), (28, 28, 1)),
    "3x3, 16 to 1 channel, at 28x28": ((1, 1), (28, 28, 16)),
    "3x3, 16 to 32, stride 2, at 14x14": ((32, 2), (14, 14, 16)),
    "3x3, 32 to 64 channels, at 7x7": ((64, 1), (7, 7, 32)),
}

# %%
print(f"{'':33}  a number  Gmult/s")
for name, ((filters, stride), into) in timed.items():
    layer = layers.Conv2D(filters, 3, strides=stride, padding="same")
    speed = multiplications_per_second(layer, into)
    work, moved = count_work(layer, into)
    print(f"{name:33}  {work / moved:8.0f}  {speed:7.0f}")

# %% [markdown]
# "a number" is how many multiplications a layer does for each number that it
# reads or writes: its **arithmetic intensity**. Where it is low, the processor
# waits for its memory, and cannot show what it can do. So on a CPU: go down
# early by strides, use many channels on small maps, and keep the full
# resolution for one thin layer at the end.
#
# That is one half. The other half is the schedule: a large learning rate that
# climbs first and then decays gets in one epoch where the tutorial's constant
# one gets in many. `python -m course bench conv_autoencoder` trains both to
# the same error and prints the CPU seconds of each.

# %% [markdown]
# ### Question 4.6
#
# A colleague's generator shows a checkerboard. She replaces each transposed
# convolution with kernel 3 by one with kernel 4, "because 2 divides 4". What
# will that change, and what not? Name two remedies that get at the cause, and
# what each costs. Use the measurements of this chapter.

# %% [markdown] written="4.6" points=3
# It evens out how many windows reach each pixel, so that no pixel is louder
# than its neighbours by construction. It does not make the sums of the
# weights equal that meet at even and at odd pixels. In this chapter untrained
# decoders with kernel 4 had as much parity energy as those with kernel 3,
# about a quarter of the variance.
#
# Remedy one: enlarge by nearest (or bilinear), then convolve. The sums are
# equal by construction; the parity energy was below that of white noise. It
# multiplies four times as much for the same kernel, and took about half as
# much time again in training.
#
# Remedy two: keep the transposed convolution and give it balanced kernels to
# start from, for instance those of nearest and a convolution. This costs
# nothing at run time; training may unbalance them again, if the loss allows.
#
# Also right: train on with a loss that sees single pixels. Here the grid was
# gone after some tens of steps in every decoder. That is of no help to a
# generator without such a loss.

# %% [markdown]
# ## Homework 4: no checkerboard at no loss of MSE
#
# Build a decoder that needs no more multiplications than a transposed
# convolution with kernel 4, paints no grid when it is untrained (parity energy
# below 0.01), and copies as well as method 2. Bilinear upsampling, pixel
# shuffle with equal kernels for its four channels, or balanced kernels to
# start a transposed convolution from are three ways. Train it with
# `fit_images`.
#
# Return two numbers: the mean parity energy of the inner 20 by 20 pixels of 40
# untrained decoders, and the MSE on test digits after training.


# %% homework="4" points=8 title="no checkerboard at no loss of MSE"
def balance_the_kernels(x, xt, epochs, seed):
    """-> (parity energy untrained, test MSE)."""

    ### BEGIN SOLUTION
    def build():
        """Kernels of 4x4 that do what nearest and a 3x3 convolution do."""
        decoder = build_decoder("transposed", 4)
        for layer in decoder.layers[2:]:
            kernel = np.zeros(layer.kernel.shape, dtype="float32")
            shape = (3, 3, *kernel.shape[2:])
            small = np.array(keras.initializers.GlorotUniform()(shape))
            for a, b in np.ndindex(2, 2):
                kernel[a : a + 3, b : b + 3] += small
            layer.kernel.assign(kernel)
        return decoder

    set_seed(seed)
    shares = []
    for _ in range(40):
        z = np.random.normal(size=(4, LATENT_DIM)).astype("float32")
        pictures = np.array(build()(z))[:, 4:-4, 4:-4]
        shares.append(parity_energy(pictures).mean())
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), build_encoder(), build()]
    )
    fit_images(model, x, epochs, "balanced kernels")
    copies = model.predict(xt, batch_size=1000, verbose=0)
    return np.mean(shares), mse_per_image(xt, copies).mean()
    ### END SOLUTION


# %%
cure = attempt("Homework 4", balance_the_kernels, x, xt, EPOCHS, SEED)
if cure:
    print(
        f"parity energy, untrained: {cure[0]:.4f}; below 0.01: {cure[0] < 0.01}"
    )
    print(
        f"test MSE {cure[1]:.4f} (method 2: {mean_mse[method_2, EPOCHS]:.4f}, "
        f"transposed, kernel 4: {mean_mse[wide_4, EPOCHS]:.4f})"
    )

# %% [markdown]
# ## Summary
#
# - A convolution asks the same question everywhere; strides and pooling trade
#   where for what.
# - Up again: nearest, bilinear, bicubic, max-unpooling, transposed
#   convolution, pixel shuffle. Several of them are transposed convolutions.
# - With 32 numbers the convolutional autoencoder copies better than the dense
#   one of chapter 1.
# - At equal parameters and epochs, upsampling and convolving beats a transposed
#   convolution that does not overlap. The reason is reach.
# - A checkerboard has two causes: uneven overlap, and weights whose sums differ
#   between even and odd pixels. The second is there for every kernel size.
# - An autoencoder that is trained to its end has unlearned the grid.
#
# **Open questions.** The network sees the whole digit in 7 by 7; what about
# pictures of other sizes? (Chapter 12.) Can the same network take noise away?
# (Chapter 5.) What if nobody looks at pixels? (Chapter 10.)
#
# **References.** Odena, Dumoulin and Olah 2016, *Deconvolution and
# checkerboard artifacts*. Dumoulin and Visin 2016, *A guide to convolution
# arithmetic for deep learning*. Zeiler and Fergus 2014, *Visualizing and
# understanding convolutional networks*. Shi et al. 2016, *Real-time single
# image and video super-resolution using an efficient sub-pixel convolutional
# neural network*. Aitken et al. 2017, *Checkerboard artifact free sub-pixel
# convolution*. Radford, Metz and Chintala 2016, *Unsupervised representation
# learning with deep convolutional generative adversarial networks*. Keys 1981,
# *Cubic convolution interpolation for digital image processing*. Chollet 2016,
# *Building autoencoders in Keras*.
