# %% [markdown]
# # 3 Transposed convolution, by hand
#
# A convolution makes pictures small. A decoder has to make them large again,
# and most decoders do it with a layer that few people can compute on paper.
# After this chapter you are one of them.
#
# After this chapter you can
#
# - **compute** a transposed convolution with a pencil, window by window,
# - **predict** its size for any kernel, stride and padding,
# - **say** what "same" cuts away, and where,
# - **write** it as a matrix, and say what is transposed in it,
# - **explain** why it does not undo a convolution.

# %% tags=["imports"]
import matplotlib.pyplot as plt
import numpy as np

from course.budget import announce
from course.convolution import (
    conv,
    conv_length,
    conv_transpose,
    conv_transpose_length,
    convolution_matrix,
    overlap_counts,
    paste_steps,
)
from course.data import load_digits
from course.display import draw_images, draw_numbers
from course.exercises import attempt, check, my_question
from course.gates import gate
from course.panels import show_source
from course.quiet import keras
from course.reproducibility import set_seed
from course.stepper import stepper
from course.training import Progress, warmup_cosine

layers = keras.layers

# %% [markdown]
# Three exercises of this chapter draw their numbers from your name, so that
# your neighbour has others. Write your name or your number between the quotes.

# %%
STUDENT = ""
SEED = 0

set_seed(SEED)
plt.style.use("course.style")
announce("ch03_transposed_convolution")

# %% [markdown]
# ## Convolution: many to one
#
# First the layer that you know. A kernel is laid on the picture, each number is
# multiplied by the one below it, and the sum is one number of the output. Many
# numbers become one.

# %% tags=["nbval-check-output"]
picture = np.arange(16).reshape(4, 4)
edge = np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]])  # above minus below
print(picture)
print("first number:", (picture[0:3, 0:3] * edge).sum())
print(conv(picture, edge))

# %% [markdown]
# Four places for a 3×3 kernel on a 4×4 picture, so four numbers. Along each
# side there are
#
# $$\frac{W - F + 2P}{S} + 1$$
#
# of them, rounded down, for a width *W*, a kernel (filter) of *F*, a padding of
# *P* zeros on both sides, and a stride of *S*.

# %% tags=["nbval-check-output"]
print("4 wide, kernel 3:           ", conv_length(4, 3))
print("28 wide, kernel 5:          ", conv_length(28, 5))
print("28 wide, 3, stride 2, pad 1:", conv_length(28, 3, stride=2, padding=1))
print("28 wide, 3, stride 2, same: ", conv_length(28, 3, 2, "same"))

# %% [markdown]
# ## Transposed convolution: one to many
#
# Now the other way. One number comes in; multiply the *whole kernel* by it, and
# paste that into the output. One number becomes many.
#
# The next number pastes its own copy of the kernel, one **stride** further on.
# Where two copies overlap, **they add up**. That is all.

# %% tags=["nbval-check-output"]
x = np.array([[1, 2], [3, 4]])
kernel = np.array([[1, 1], [1, 1]])
print("strides 1, kernel size 2")
for step in paste_steps(x, kernel, stride=1):
    print(f"input {step.index} is {x[step.index]}; the sum so far:")
    print(step.output)

# %% [markdown]
# Read the last table: the 10 in the middle is 1 + 2 + 3 + 4, because all four
# windows cover it. The corners were reached once each.
#
# With a stride of 2 and a kernel of 2 no windows overlap. Guess the output
# before you run the cell.

# %% tags=["nbval-check-output"]
print(conv_transpose(x, kernel, stride=2))

# %% [markdown]
# Each number became a 2×2 block. With a kernel of ones this enlarges a picture
# by repeating its pixels. Other kernels enlarge it in another way, and a network
# can *learn* the kernel.

# %% [markdown]
# ## Which rows, which columns?
#
# The window of input (i, j) starts where the stride has carried it. With stride
# *s* and kernel size *k* it covers
#
# - rows *i·s* … *i·s + k − 1*,
# - columns *j·s* … *j·s + k − 1*.
#
# The case of the lecture notes: input 3×3, stride 2, kernel 3. What is the
# largest index that any window reaches?

# %% tags=["nbval-check-output"]
x = np.arange(9).reshape(3, 3)
ones = np.ones((3, 3), dtype=int)
for step in paste_steps(x, ones, stride=2):
    rows, columns = step.rows, step.columns
    print(
        f"input {step.index}: rows {rows[0]} to {rows[-1]},"
        f" columns {columns[0]} to {columns[-1]}"
    )

# %% [markdown]
# The last window ends at index 2·2 + 3 − 1 = 6, so there are 7 rows and 7
# columns. Here are the nine windows, one by one.

# %%
fig, axes = plt.subplots(3, 3, figsize=(9, 9.4))
for ax, step in zip(axes.flat, paste_steps(x, ones, stride=2), strict=True):
    draw_numbers(
        ax,
        step.total,
        window=(step.rows, step.columns),
        title=f"input {step.index}: {x[step.index]}",
    )
plt.show()

# %% [markdown]
# The framed window receives the input's number in each of its nine cells.
# Neighbours share a row or a column, and there the sums grow. Row 4, column 4
# is a corner of four windows: 4 + 5 + 7 + 8 = 24.

# %% [markdown]
# Now play with it. Press play, or step with the arrow keys; click a number of
# the input to see its window; change the kernel, the stride and the padding.
# (`make run` writes it as a page of its own, too, which works on a phone:
# `build/transposed_convolution.html`.)

# %%
stepper(x, ones, stride=2, title="Transposed convolution, step by step")

# %% [markdown]
# ### Exercise 3.1: paste with stride 1
#
# Take your pencil. Stride 1, no padding. The cell below shows your numbers.
# Return the output, five rows of five numbers. You may type them:
# `return [[1, 2, ...], ...]`. Or write a loop that pastes.
#
# For the input `[[1, 0], [0, 0]]` and the kernel `[[5, 6], [7, 8]]` it would be
# `[[5, 6, 0], [7, 8, 0], [0, 0, 0]]`.

# %% tags=["nbval-check-output"]
my_question("3.1", STUDENT)


# %% exercise="3.1"
def paste_stride_1(x, kernel):
    """Your numbers: x (3, 3), kernel (3, 3) -> the output, 5 rows of 5."""
    ### BEGIN SOLUTION
    output = np.zeros((5, 5), dtype=int)
    for i in range(3):
        for j in range(3):
            output[i : i + 3, j : j + 3] += x[i, j] * kernel
    return output
    ### END SOLUTION


# %% check="3.1"
check("3.1", paste_stride_1, student=STUDENT)

# %% [markdown]
# A worked case to compare your method with: the question that the lecture notes
# ask.

# %% tags=["nbval-check-output"]
x = np.array([[1, 2, 1], [0, 1, 0], [1, -1, 1]])
kernel = np.array([[1, 1, 1], [-1, -1, -1], [0, 0, 0]])
print(conv_transpose(x, kernel))

# %% [markdown]
# ### Exercise 3.2: paste with stride 2
#
# Stride 2, kernel of ones, no padding: the output has 7 rows. Return rows 0, 2
# and 4 only, seven numbers each. The worked case is the figure above, with the
# input 0 … 8: row 0 is `[0, 0, 1, 1, 3, 2, 2]`.

# %% tags=["nbval-check-output"]
my_question("3.2", STUDENT)


# %% exercise="3.2"
def paste_stride_2(x, kernel):
    """Your numbers: x (3, 3), kernel (3, 3) -> rows 0, 2 and 4, 3 rows of 7."""
    ### BEGIN SOLUTION
    output = np.zeros((7, 7), dtype=int)
    for i in range(3):
        for j in range(3):
            output[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += x[i, j] * kernel
    return output[[0, 2, 4]]
    ### END SOLUTION


# %% check="3.2"
check("3.2", paste_stride_2, student=STUDENT)

# %% [markdown]
# ## How large does it get?
#
# The last window starts at *s*(*M* − 1) for *M* inputs, and it is *k* long. If
# *p* rows are cut from either side, what is left is
#
# $$N = s(M - 1) + k - 2p.$$
#
# Most courses stop here. Does Keras agree? Here is one case with a kernel that
# is shorter than the stride.


# %%
def keras_transpose(x, kernel, **settings):
    """What Keras' own layer makes of a table x (h, w). -> (h', w')"""
    layer = layers.Conv2DTranspose(1, kernel.shape, use_bias=False, **settings)
    layer.build((None, *x.shape, 1))
    layer.set_weights([kernel[:, :, None, None]])  # (kh, kw, out, in)
    y = layer(x[None, :, :, None].astype("float32"))  # (1, h', w', 1)
    return np.asarray(y)[0, :, :, 0]


# %% tags=["nbval-check-output"]
y = keras_transpose(np.ones((4, 4)), np.ones((2, 2)), strides=3)
print("by the formula:", 3 * (4 - 1) + 2)
print("by Keras:      ", len(y))
print("last row:      ", y[-1])

# %% [markdown]
# Keras gives each input its full stride, so the output has 12 rows, and where
# no kernel reaches there are zeros. The rule that holds without padding is
#
# $$N = s(M - 1) + \max(k, s).$$

# %% tags=["nbval-check-output"]
for n, k, s in [(3, 3, 1), (2, 2, 2), (3, 3, 2), (4, 3, 2), (4, 2, 3)]:
    print(
        f"{n} wide, kernel {k}, stride {s}: valid"
        f" {conv_transpose_length(n, k, s):2}, same"
        f" {conv_transpose_length(n, k, s, 'same'):2}"
    )

# %% [markdown]
# ## Same: what is cut away?
#
# With `padding="same"` the output is simply *s* times as long as the input: 4
# becomes 8, not 9. The pasting is the same as before. Then rows and columns are
# **cut away**. Which ones?

# %%
x = np.arange(16).reshape(4, 4)
fig, axes = plt.subplots(1, 2, figsize=(9.5, 5))
for ax, k in zip(axes, (3, 4), strict=True):
    *_, last = paste_steps(x, np.ones((k, k), dtype=int), 2, "same")
    title = f"kernel {k}, stride 2: {len(last.total)} rows, 8 stay"
    draw_numbers(ax, last.total, keep=last.crop, title=title)
plt.show()

# %% [markdown]
# Hatched is what "same" cuts away. Left, kernel 3: of 9 rows only the last one
# goes. Right, kernel 4: of 10 rows the first and the last go. An odd surplus
# takes its extra row from the end.
#
# Words can mislead here. For a *convolution*, "same" pads with zeros and
# "valid" drops what does not fit. The transposed layer takes over the words of
# the convolution whose backward pass it is: where "same" *added* zeros there, it
# *cuts* here.

# %% tags=["nbval-check-output"]
valid = conv_transpose(x, ones, stride=2)
same = conv_transpose(x, ones, stride=2, padding="same")
print("valid", valid.shape, "same", same.shape)
print("same is valid[0:8, 0:8]:", np.array_equal(same, valid[0:8, 0:8]))
four = np.ones((4, 4), dtype=int)
valid = conv_transpose(x, four, stride=2)
same = conv_transpose(x, four, stride=2, padding="same")
print("kernel 4: valid[1:9, 1:9]:", np.array_equal(same, valid[1:9, 1:9]))

# %% [markdown]
# One thing is still open. A convolution with stride 2 makes 4 of 7, and 4 of 8
# too. To which of them should the way back lead? `output_padding` says it: 0
# means the smaller one, 1 the next.

# %% tags=["nbval-check-output"]
for output_padding in (None, 0, 1):
    n = conv_transpose_length(4, 3, 2, "same", output_padding)
    print("output_padding", output_padding, "->", n)

# %% [markdown]
# ### Exercise 3.3: five sizes
#
# Each row of your table is a layer: input length, kernel, stride, and 1 for
# "same" or 0 for "valid". Return the five output lengths. For the one row
# `[4, 3, 2, 0]` it would be `[9]`.

# %% tags=["nbval-check-output"]
my_question("3.3", STUDENT)


# %% exercise="3.3"
def five_sizes(layers):
    """Your table (5, 4) -> five lengths."""
    ### BEGIN SOLUTION
    return [
        s * n if same else s * (n - 1) + max(k, s) for n, k, s, same in layers
    ]
    ### END SOLUTION


# %% check="3.3"
check("3.3", five_sizes, student=STUDENT)

# %% [markdown]
# ## What is transposed?
#
# A convolution only multiplies and adds, so it is a matrix. Write the 4×4
# picture as a column of 16 numbers. Each of the four outputs is a row of 16
# weights: the kernel's nine, at the places that it covers, and zeros elsewhere.

# %% tags=["nbval-check-output"]
counted = np.arange(1, 10).reshape(3, 3)
C = convolution_matrix((4, 4), counted)  # (4, 16)
print(C)
print("as a matrix:", C @ picture.ravel())
print("by sliding: ", conv(picture, counted).ravel())

# %% [markdown]
# Read the first row in groups of four: 1 2 3 0, 4 5 6 0, 7 8 9 0, 0 0 0 0. It is
# the kernel, lying in the corner of a 4×4 picture.
#
# Now **transpose** the matrix: 16 rows, 4 columns. It takes 4 numbers and makes
# 16. Each column is the pasted kernel of one input.

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 5.2), width_ratios=(2, 1))
for ax, matrix, title in (
    (axes[0], C, "C: 16 numbers to 4"),
    (axes[1], C.T, "C transposed: 4 numbers to 16"),
):
    ax.imshow(matrix > 0, vmin=0, vmax=4, cmap="gray_r")
    for (i, j), number in np.ndenumerate(matrix):
        ax.text(j, i, number, ha="center", va="center", fontsize=9)
    ax.set(title=title, xlabel="input number", ylabel="output number")
plt.show()

# %% [markdown]
# Left, each row is the kernel laid on the picture: many to one. Right, each
# column is the kernel pasted into the picture: one to many. White cells are
# zeros. No weight has changed; the matrix was only turned over.

# %% tags=["nbval-check-output"]
z = np.array([[1, 2], [3, 4]])
print((C.T @ z.ravel()).reshape(4, 4))
print(conv_transpose(z, counted))

# %% [markdown]
# ### Exercise 3.4: build the matrix
#
# Build C for a picture of `shape` and a kernel, stride 1, no padding. For the
# shape (2, 2) and the kernel `[[5, 7]]` there are two places, one above the
# other, so C is `[[5, 7, 0, 0], [0, 0, 5, 7]]`.


# %% exercise="3.4"
def build_matrix(shape, kernel):
    """shape (2,), kernel (kh, kw) -> C (places, pixels)."""
    ### BEGIN SOLUTION
    (h, w), (kh, kw) = shape, kernel.shape
    rows = []
    for i in range(h - kh + 1):
        for j in range(w - kw + 1):
            laid = np.zeros((h, w), dtype=kernel.dtype)
            laid[i : i + kh, j : j + kw] = kernel
            rows.append(laid.ravel())
    return np.array(rows)
    ### END SOLUTION


# %% check="3.4"
check("3.4", build_matrix)


# %% mistakes="3.4"
def its_transpose(shape, kernel):
    """this is C transposed. One row of C is one place of the kernel."""
    return convolution_matrix(tuple(shape), kernel).T


def turned_kernel(shape, kernel):
    """the kernel is turned over. Lay it on the picture as it is."""
    return convolution_matrix(tuple(shape), kernel[::-1, ::-1])


def columns_first(shape, kernel):
    """walk along a row of the picture first, then go down to the next."""
    (h, w), (kh, kw) = shape, kernel.shape
    matrix = convolution_matrix((h, w), kernel)
    order = np.arange(len(matrix)).reshape(h - kh + 1, w - kw + 1).T
    return matrix[order.ravel()]


# %% [markdown]
# ## The backward pass of a convolution
#
# Where does such a layer come from? Ask how the loss changes when one pixel of
# a convolution's *input* changes. That pixel was used by every window that
# covers it, each time with another weight. So each output hands its gradient
# back to nine pixels, multiplied by the kernel: one to many, and it adds up.
# Training a convolution always did this. The layer only does it forwards.


# %%
def gradient_of_convolution(x, kernel, gradient, stride):
    """The gradient for x (h, w) of a loss whose gradient for the output is
    given, by TensorFlow's automatic differentiation. -> (h, w)"""
    import tensorflow as tf

    x = tf.Variable(x[None, :, :, None].astype("float32"))
    kernel = kernel[:, :, None, None].astype("float32")
    with tf.GradientTape() as tape:
        y = tf.nn.conv2d(x, kernel, stride, "VALID")
    gradient = gradient[None, :, :, None].astype("float32")
    return tape.gradient(y, x, gradient).numpy()[0, :, :, 0]


# %%
rng = np.random.default_rng(SEED)
x = rng.normal(size=(7, 7))
kernel = rng.normal(size=(3, 3))
z = rng.normal(size=(3, 3))  # the gradient that comes from above
gate(
    "transposed convolution is the gradient of a convolution, largest gap",
    np.abs(
        gradient_of_convolution(x, kernel, z, stride=2)
        - conv_transpose(z, kernel, stride=2)
    ).max(),
    at_most=1e-5,  # float32; values of size 1
)
C = convolution_matrix((7, 7), kernel, stride=2)  # (9, 49)
gate(
    "and it is C transposed times z, largest gap",
    np.abs(
        (C.T @ z.ravel()).reshape(7, 7) - conv_transpose(z, kernel, stride=2)
    ).max(),
    at_most=1e-12,  # both in float64
)

# %% [markdown]
# ## Is the kernel turned over?
#
# You may read that transposed convolution "turns the kernel by 180°". Both
# sides are right, because there are two ways to compute it.
#
# - **Paste**: the kernel is pasted as it is.
# - **Slide**: put *s* − 1 zeros between the inputs and a margin of *k* − 1 zeros
#   around them, then do an ordinary convolution with stride 1. Here the kernel
#   must be turned by 180°.

# %% tags=["nbval-check-output"]
z = np.array([[1, 2], [3, 4]])
spread = np.zeros((3, 3), dtype=int)
spread[::2, ::2] = z  # stride 2: one zero between
slid = conv(spread, counted[::-1, ::-1], padding=2)
print(slid)
print(
    "the same as pasting:", np.array_equal(slid, conv_transpose(z, counted, 2))
)

# %% [markdown]
# The zeros are the reason for another name, "fractionally strided". Pasting
# costs fewer multiplications: nobody multiplies by the zeros.

# %% [markdown]
# ## It is not the inverse
#
# "Deconvolution" is a common name for the layer, and a bad one. It gives back
# the *size*, not the picture.

# %% tags=["nbval-check-output"]
small = conv(picture, edge)
back = conv_transpose(small, edge)
print("before:")
print(picture)
print("convolution, then transposed convolution:")
print(back)

# %% [markdown]
# How could it? The convolution made 4 numbers of 16. Whole pictures vanish in
# it, and what has vanished is in no output.
#
# ### Exercise 3.5: what no layer brings back
#
# Find a 4×4 picture, not all zeros, that *your* kernel turns into nothing but
# zeros. Type the numbers, four rows of four. For the kernel `[[1, 1]]`, a row
# such as 1, −1, 1, −1 would vanish.

# %% tags=["nbval-check-output"]
my_question("3.5", STUDENT)


# %% exercise="3.5"
def vanishing_picture(kernel):
    """Your kernel (2, 2) -> a picture (4, 4) whose convolution is zero."""
    ### BEGIN SOLUTION
    stripes = np.tile([1, -1], (4, 2))
    pictures = (np.ones((4, 4)), stripes, stripes.T)
    return next(p for p in pictures if not conv(p, kernel.astype(float)).any())
    ### END SOLUTION


# %% check="3.5"
check("3.5", vanishing_picture, student=STUDENT)

# %% [markdown]
# ## Many channels, and weights that are learned
#
# With channels, each input channel has its own kernel for each output channel,
# and the pastes of all input channels add up. Keras stores the weights as
# (height, width, **out**, in): for a convolution it is (height, width, in, out).
# Here is the whole computation, as the course has it.

# %%
show_source(conv_transpose)

# %% [markdown]
# Is it right? We compare it with Keras' layer, on every combination of input
# size, kernel, stride and padding below, with three channels in and two out.


# %%
def keras_gap(n, kernel, stride, padding, output_padding, dilation):
    """Largest gap between our transposed convolution and Keras', for (n, n + 1)
    pixels, 3 channels in and 2 out. The shapes must be equal, too."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=(2, n, n + 1, 3)).astype("float32")
    weights = rng.normal(size=(*kernel, 2, 3)).astype("float32")
    ours = conv_transpose(x, weights, stride, padding, output_padding, dilation)
    # A dilation is a kernel with zeros between its numbers. Keras gets these
    # zeros, because TensorFlow does not dilate on every processor.
    height, width = ((k - 1) * dilation + 1 for k in kernel)
    spread = np.zeros((height, width, 2, 3), dtype="float32")
    spread[::dilation, ::dilation] = weights
    settings = dict(strides=stride, padding=padding)
    theirs = keras.ops.conv_transpose(
        x, spread, output_padding=output_padding, **settings
    )
    same_shape = ours.shape == theirs.shape
    return np.abs(ours - theirs).max() if same_shape else np.inf


# %%
cases = [
    (n, kernel, stride, padding, output_padding, 1)
    for n in (1, 2, 5)
    for kernel in ((1, 1), (2, 2), (3, 3), (2, 4))
    for stride in (1, 2, 3)
    for padding in ("valid", "same")
    for output_padding in ((None, stride - 1) if stride > 1 else (None,))
] + [(n, (3, 2), 1, "valid", None, 2) for n in (1, 2, 5)]
gaps = [keras_gap(*case) for case in cases]
print(len(gaps), "cases")

# %%
gate(
    "our transposed convolution is Keras', largest gap of all cases",
    max(gaps),
    at_most=1e-5,  # float32; measured 2e-6 to 3e-6
)

# %% [markdown]
# ### A kernel that is learned
#
# Now a task for the weights. Digits are made half as large, by the mean of each
# 2×2 block. Which 2×2 kernel, with stride 2, enlarges them best? Nobody tells
# the layer; it learns from the digits. Guess the four weights first.

# %%
(x_train, _), (x_test, _) = load_digits()
large = x_train[:10_000]  # (10000, 28, 28, 1)
half = layers.AveragePooling2D(2)
small = np.asarray(half(large))  # (10000, 14, 14, 1)
enlarge = keras.Sequential(
    [
        keras.Input((14, 14, 1)),
        layers.Conv2DTranspose(1, 2, strides=2, use_bias=False),
    ]
)
schedule = warmup_cosine(0.05, epochs=3, steps_per_epoch=100)
enlarge.compile(optimizer=keras.optimizers.Adam(schedule), loss="mse")
enlarge.fit(
    small,
    large,
    epochs=3,
    batch_size=100,
    verbose=0,
    callbacks=[Progress("four weights")],
)
learned = enlarge.get_weights()[0][:, :, 0, 0]
print(np.round(learned, 3))

# %% [markdown]
# All four are close to 1: the layer found out that it should repeat the pixel.
# Windows do not overlap here, so the best weights can also be computed, one
# number for each corner of the block, by least squares. Are the small
# differences from 1 real?

# %%
pixel = small.ravel()
best = np.zeros((2, 2))
for a, b in np.ndindex(2, 2):
    target = large[:, a::2, b::2].ravel()
    best[a, b] = (pixel @ target) / (pixel @ pixel)
print(np.round(best, 3))
gate(
    "learned weights are those of least squares, largest gap",
    np.abs(learned - best).max(),
    at_most=0.004,  # measured 0.0002 to 0.001; 1 itself is 0.01 away
)

# %% [markdown]
# They are: two ways of finding them agree.

# %%
fig, axes = plt.subplots(1, 3, figsize=(8, 2.9))
copies = np.asarray(enlarge(np.asarray(half(x_test[:9]))))
for ax, images, title in (
    (axes[0], x_test[:9], "28×28"),
    (axes[1], np.asarray(half(x_test[:9])), "halved, 14×14"),
    (axes[2], copies, "enlarged again"),
):
    draw_images(ax, np.clip(images, 0, 1), columns=3, title=title)
plt.show()

# %% [markdown]
# Four weights cannot bring back what the mean has erased: the strokes stay
# coarse. More channels and several layers can, and that is chapter 4.

# %% [markdown]
# ## What breaks
#
# Give the layer a stride that is larger than its kernel, and look at the
# output for an input of ones.

# %%
fig, axes = plt.subplots(1, 3, figsize=(10, 3.8))
for ax, k, s in ((axes[0], 2, 3), (axes[1], 3, 2), (axes[2], 4, 2)):
    counts = overlap_counts((4, 4), k, s)
    draw_numbers(ax, counts, title=f"kernel {k}, stride {s}")
plt.show()

# %% [markdown]
# Each cell says how many windows reach that output. Left, stride 3 and kernel
# 2: zeros. No weight and no training can ever put ink there. Middle, stride 2
# and kernel 3: a chequered pattern of 1, 2 and 4, before anything is learned.
# Right, kernel 4: in the interior all cells are reached four times. A kernel
# that is a multiple of the stride treats all pixels alike; chapter 4 shows what
# becomes of it in pictures.

# %%
counts = overlap_counts((8, 8), 3, 2)[2:-2, 2:-2]  # away from the border
gate("kernel 3, stride 2: most windows on a pixel", counts.max(), at_least=4)
gate("kernel 3, stride 2: fewest windows on it", counts.min(), at_most=1)
counts = overlap_counts((8, 8), 4, 2)[2:-2, 2:-2]
gate("kernel 4, stride 2: most less fewest", np.ptp(counts), at_most=0)

# %% [markdown]
# ### Slips that you will meet
#
# - "Deconvolution": it does not undo a convolution, see above.
# - *N* = *s*(*M* − 1) + *k* − 2*p* is not what Keras does for *k* < *s*.
# - "Same pads with zeros": that is the convolution. The transposed layer cuts.
# - "The windows are averaged where they overlap": they add up.
# - On the slides behind this course one case is labelled "VALUE (truncate)".
#   It means VALID, the case in which nothing is cut at all.

# %% [markdown]
# ### Question 3.6
#
# A friend says: "My encoder halves the picture three times with strides of 2,
# 28 → 14 → 7 → 4. So three transposed layers with strides of 2 and "same" bring
# back 28." What do they get, why, and what would you change?

# %% [markdown] written="3.6" points=2
# They get 4 → 8 → 16 → 32. "Same" always multiplies by the stride, but 7 → 4
# rounded up, and the layer cannot know that. Either the encoder stops at 7×7, or
# the first of the three layers must give 7 from 4: "same" with
# `output_padding=0` does (kernel 3), and so does cutting one row and column.

# %% [markdown]
# ## Summary
#
# - Transposed convolution pastes value × kernel for each input, one stride
#   apart, and adds up where windows overlap.
# - The window of (i, j) covers rows i·s … i·s + k − 1.
# - Valid gives s(M − 1) + max(k, s); same gives s·M, by cutting.
# - As a matrix it is Cᵀ, where C is the convolution. It is the backward pass of
#   a convolution, and not its inverse.
#
# **Open questions.** Which kernels of size 4 and stride 2 give a flat output for
# a flat input? Could a layer be an exact inverse if the convolution kept the
# number of values?
#
# **References.** V. Dumoulin, F. Visin (2016), *A guide to convolution
# arithmetic for deep learning*. M. Zeiler et al. (2010), *Deconvolutional
# networks*. W. Shi et al. (2016), *Is the deconvolution layer the same as a
# convolutional layer?* A. Odena, V. Dumoulin, C. Olah (2016), *Deconvolution
# and checkerboard artifacts*.

# %% [markdown]
# ## Homework 3: write it yourself
#
# Transposed convolution for a table x (h, w) and a kernel (kh, kw), with a
# stride, a padding of "valid" or "same", and a dilation. With a **dilation** of
# d the kernel's numbers are pasted d cells apart. NumPy is allowed, the
# course's own function is not. Rules for "same": the output is s·h by s·w; of a
# surplus, half is cut from the start (rounded down), the rest from the end.


# %% homework="3" points=6 title="stride, padding, dilation"
def my_conv_transpose(x, kernel, stride, padding, dilation):
    """x (h, w), kernel (kh, kw) -> the transposed convolution."""
    ### BEGIN SOLUTION
    (h, w), (kh, kw) = x.shape, kernel.shape
    reach = [(k - 1) * dilation + 1 for k in (kh, kw)]
    full = [
        stride * (n - 1) + max(r, stride)
        for n, r in zip((h, w), reach, strict=True)
    ]
    output = np.zeros(full)
    for i, j in np.ndindex(h, w):
        top, left = i * stride, j * stride
        output[
            top : top + reach[0] : dilation, left : left + reach[1] : dilation
        ] += x[i, j] * kernel
    if padding == "same":
        cut = [(n - stride * m) // 2 for n, m in zip(full, (h, w), strict=True)]
        output = output[cut[0] :, cut[1] :][: stride * h, : stride * w]
    return output
    ### END SOLUTION


# %%
rng = np.random.default_rng(SEED)
x, kernel = rng.normal(size=(4, 5)), rng.normal(size=(3, 2))
for stride, padding, dilation in (
    (1, "valid", 1),
    (2, "valid", 1),
    (2, "same", 1),
    (3, "same", 1),
    (1, "valid", 2),
):
    mine = attempt(
        "Homework 3", my_conv_transpose, x, kernel, stride, padding, dilation
    )
    if mine is None:
        break
    theirs = conv_transpose(x, kernel, stride, padding, dilation=dilation)
    right = mine.shape == theirs.shape and np.allclose(mine, theirs)
    print(f"stride {stride}, {padding}, dilation {dilation}: {right}")
