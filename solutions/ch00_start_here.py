# %% [markdown]
# # Start here
#
# Welcome. This page shows how the course works, checks your installation, and
# keeps the words that you will meet. It takes ten minutes.

# %% [markdown]
# ## How to use a notebook
#
# A notebook is a column of cells. Some hold text, some hold Python. Click a
# cell and press **Shift+Enter** to run it and go on to the next. Run the cells
# from top to bottom: a cell may use what an earlier one has made. If things
# get confusing, choose *Run → Restart Kernel and Run All Cells*; every chapter
# runs from top to bottom, also when no exercise is done.
#
# The pictures and numbers that you see before you run anything were made by us,
# on real handwriting. Yours will differ a little.
#
# Save with **Ctrl+S** (**⌘S** on a Mac). If you spoil a notebook, get it back
# from your copy of the course: `git checkout -- notebooks/NAME.ipynb`, or the
# download once more. Nothing else depends on it.

# %% [markdown]
# ## Does it work?
#
# The next cell imports what every chapter needs and looks at your computer. The
# first time it may take half a minute.

# %% tags=["imports"]
import matplotlib.pyplot as plt
import numpy as np

from course.data import load_digits
from course.display import draw_images
from course.doctor import examine
from course.exercises import attempt

# %%
examine(measure=False)
plt.style.use("course.style")

# %% [markdown]
# *ok* is good, *note* is worth knowing, and *BAD* comes with the thing to do.
# The same check runs in a terminal as `python -m course doctor`.
#
# Now the data. The course wants real handwritten digits (MNIST, 11 MB). It
# looks for them on your disk, then tries to download them once. If neither
# works it draws digits of its own, and every chapter works with those too.

# %%
(x_train, y_train), (x_test, y_test) = load_digits()

# %% tags=["nbval-check-output"]
print("images", x_train.shape, "labels", y_train.shape)
print("images", x_test.shape, "labels", y_test.shape)

# %%
fig, ax = plt.subplots(figsize=(8, 1.8))
first = [
    np.flatnonzero(y_test == digit)[i] for i in (0, 1) for digit in range(10)
]
draw_images(ax, x_test[first], columns=10)
plt.show()

# %% [markdown]
# Two of each digit, as somebody's hand wrote them, or as the course drew them.

# %% [markdown]
# ## Exercises
#
# An exercise asks for one function. Its cell holds a line that raises
# `NotImplementedError`; you replace that line. The cell below it checks your
# answer at once and says one of three things:
#
# - **○ not attempted yet**: the line that raises is still there.
# - **✗ not yet**: with the first case that went wrong, and often a hint.
# - **✓ right**: go on.
#
# You may try as often as you like. Nothing is sent anywhere.
#
# Here is one without points. Replace the `raise` line by `return 2 * n`, run
# the cell, then the one below.


# %%
def double(n):
    """Twice n."""
    raise NotImplementedError("Your first line of this course: return 2 * n")


# %%
doubled = attempt("Practice", double, 21)
if doubled is not None:
    print("Right!" if doubled == 42 else f"double(21) gave {doubled}, not 42.")

# %% [markdown]
# Questions in words have a cell of their own for your answer: double-click it
# and write. **Homework** stands at the end of a chapter and is larger; your
# instructor may mark it by hand.

# %% [markdown]
# ## Gates
#
# When a chapter claims something, it checks it. A line such as
#
# `gate passed: a linear autoencoder is as good as PCA, MSE ratio: 1.002 (at
# most 1.04)`
#
# is a claim that was tested on your computer, a moment ago, with your data. If
# one fails, the notebook stops there and says what it measured. If you have
# changed the settings or the data, that is a finding, not a fault. The comment
# beside a bound says what we measured over three seeds, on MNIST and on drawn
# digits.

# %% [markdown]
# ## Two speeds
#
# Set `COURSE_BUDGET=quick` before you start Jupyter, and every chapter trains
# for a shorter time and still makes its point. The default is `full`. Each
# chapter prints what it will take on two CPU cores. No chapter needs a GPU.

# %% [markdown]
# ## Glossary
#
# | word | meaning |
# |---|---|
# | **active variable** | a latent variable whose mean differs from picture to picture |
# | **alignment** | shifting, turning and scaling a face so that eyes and mouth are always in the same places |
# | **AUROC** | the chance that something odd scores higher than something normal; 0.5 is guessing |
# | **autoencoder** | a network that learns to copy its input through a code |
# | **batch** | the examples that one training step looks at |
# | **BCE** | binary cross-entropy, a loss for values in [0, 1]; in nats |
# | **channel** | one of the numbers at each pixel: grey, or the answer of one kernel |
# | **code** | what the encoder makes of an input; a point of the latent space |
# | **convolution** | a layer that slides a kernel over a picture: many to one |
# | **decoder** | the half that turns a code into a picture |
# | **denoising** | getting a spoilt picture and giving back the clean one |
# | **discriminator** | the network of a GAN that tells generated images from real ones |
# | **ELBO** | evidence lower bound, −(reconstruction + KL): never above ln p(x); in nats |
# | **encoder** | the half that turns a picture into a code |
# | **epoch** | one pass over all training examples |
# | **fine-tuned** | trained further on a new task, from weights learned before |
# | **flip** | a copy in which the judge reads another digit than in the input |
# | **frozen** | not changed by training |
# | **Fréchet distance** | how far two crowds of images are apart, by mean and covariance of their features |
# | **gate** | a claim of the course that is checked while the notebook runs |
# | **generator** | the network of a GAN that turns noise into images |
# | **importance weight** | p(x given z) p(z) / q(z given x); the mean of many gives a bound tighter than the ELBO |
# | **inpainting** | filling in what is missing, knowing where it is |
# | **Jacobian** | the table of slopes: how each number of a code moves with each input |
# | **judge** | a small classifier that never changes; it reads digits for us |
# | **kernel** | the small table of weights of a convolution; in Jupyter, the running Python |
# | **KL divergence** | how far one distribution is from another; 0 means equal; in nats |
# | **landmarks** | the points of a face that alignment uses: eyes, nose, corners of the mouth |
# | **latent space** | the place of all possible codes |
# | **latent variable** | one number of a code; *latent* means hidden |
# | **loss** | the number that training makes small |
# | **lossy** | what comes back is not exactly what went in |
# | **mask** | a picture of yes and no: which pixels are hidden, or belong to an object |
# | **mini-batch discrimination** | letting a discriminator see how alike the images of a batch are |
# | **mode collapse** | a generator that makes a few kinds of image only |
# | **MSE** | mean squared error per pixel, in grey levels squared |
# | **nat** | unit of information with the natural logarithm; 1 nat = 1.44 bits |
# | **non-saturating loss** | the loss −ln D(G(z)), which pulls hardest where the generator is worst |
# | **overcomplete** | with more latent variables than inputs |
# | **padding** | zeros around a picture, or how much of an output is cut away |
# | **passthrough** | a network that copies everything and has learned nothing |
# | **PCA** | principal component analysis, the best linear code |
# | **pooling** | the largest number, or the mean, of each small window |
# | **posterior collapse** | a code that says nothing: the encoder gives the same cloud for every picture |
# | **provenance** | what a file says about where it comes from |
# | **PSNR** | MSE in decibels, 10 log₁₀(1 / MSE): higher is better |
# | **ReLU** | max(0, x): keeps what is positive, switches off the rest |
# | **reparameterisation** | z = µ + σε, so that chance enters from outside and slopes pass |
# | **sigmoid** | 1 / (1 + e⁻ˣ): squeezes any number into (0, 1) |
# | **sparse** | with few numbers that are not (nearly) zero |
# | **stride** | how far a kernel moves from one place to the next |
# | **tied** | of a decoder: using the encoder's kernel, turned over |
# | **transposed convolution** | a layer that pastes a kernel for each number, and adds up: one to many |
# | **unsupervised** | learning from examples without labels |
# | **variational autoencoder** | an autoencoder whose code is a cloud, kept near N(0, I) |
# | **warp** | to bend a picture by a grid of points, each pushed a little at random |
# | **x, x̂, z** | input, its copy ("x hat"), and the code between them |

# %% [markdown]
# Ready? Open **ch01_smallest_autoencoder**.
