"""The chapters: order, titles and how long each takes. Standard library only."""

from typing import NamedTuple


class Chapter(NamedTuple):
    """One chapter; its files are `solutions/{slug}.py` and `notebooks/{slug}.ipynb`.

    Args:
        number: the chapter's number, from 0.
        slug: file name without its ending.
        title: what a table shows.
        quick_seconds: with COURSE_BUDGET=quick, on the reference machine.
        full_seconds: with COURSE_BUDGET=full, on the reference machine.
    """

    number: int
    slug: str
    title: str
    quick_seconds: float
    full_seconds: float

    def seconds(self, budget):
        return self.quick_seconds if budget == "quick" else self.full_seconds


CHAPTERS = (
    Chapter(0, "ch00_start_here", "Start here", 5, 5),
    Chapter(1, "ch01_smallest_autoencoder", "The smallest autoencoder", 22, 40),
    Chapter(2, "ch02_how_many_latents", "How many latent variables?", 50, 130),
    Chapter(3, "ch03_transposed_convolution", "Transposed convolution, by hand", 11, 12),
    Chapter(4, "ch04_convolutional_autoencoder", "The convolutional autoencoder", 50, 360),
    Chapter(5, "ch05_denoising", "Denoising, occlusion, inpainting", 52, 180),
    Chapter(6, "ch06_tied_sparse_contractive", "Tied, sparse, contractive", 40, 110),
    Chapter(7, "ch07_few_labels", "Few labels: the bee path", 40, 150),
    Chapter(8, "ch08_anomalies_and_retrieval", "Anomaly detection and retrieval", 38, 130),
    Chapter(9, "ch09_variational_autoencoder", "The variational autoencoder", 54, 270),
    Chapter(10, "ch10_gan", "A GAN in two phases", 58, 200),
    Chapter(11, "ch11_two_decoders", "Shared encoder, two decoders", 47, 430),
    Chapter(12, "ch12_segmentation", "A small segmentation network", 60, 180),
)

# `doctor` scales the seconds above by this: float32 matrix products on two threads, GFLOP/s,
# measured by doctor.measure_speed() on the machine that the seconds come from.
REFERENCE_GFLOPS = 360.0


class UnknownChapter(ValueError):
    """A word of the command line that fits no chapter."""


def find_chapters(names, available):
    """Slugs that the words of a command line mean, in course order.

    Args:
        names: words such as "1", "ch01", "01" or "ch01_smallest_autoencoder"; none means all.
        available: the slugs that exist as files.

    Raises:
        UnknownChapter: if a word fits none of them.

    Example:
        >>> find_chapters(["1"], ["ch00_start_here", "ch01_smallest_autoencoder"])
        ['ch01_smallest_autoencoder']
    """
    available = sorted(available)
    if not names:
        return available
    wanted = set()
    for name in names:
        word = name.removesuffix(".ipynb").removesuffix(".py").replace("\\", "/").split("/")[-1]
        digits = word.removeprefix("ch")
        prefix = f"ch{int(digits):02d}_" if digits.isdecimal() else None
        fits = [s for s in available if s == word or (prefix and s.startswith(prefix))]
        if not fits:
            raise UnknownChapter(
                f"No such chapter. Received: {name!r}. "
                f"Expected a number or one of: {', '.join(available) or '(no chapter exists)'}."
            )
        wanted.update(fits)
    return [slug for slug in available if slug in wanted]
