"""Hidden cases: made from a secret seed by the trusted side, which alone knows what is right."""

import functools
import hashlib
import os
import secrets
from pathlib import Path

import numpy as np

from course import answers
from course.authoring import chapter_slugs, read_chapter
from course.environment import ROOT
from course.exercises import public
from course.exercises.exercise import of_chapter

SEED_BYTES = 16
DRAWS = 3  # of the generated cases; the fixed ones among them count once


class SeedError(ValueError):
    """The file with the secret seed cannot be used."""


def read_or_make_seed(path):
    """The secret of a course run; a new file gets a fresh one that only its owner can read.

    Args:
        path: of a text file that holds the seed and nothing else.

    Raises:
        SeedError: if the file exists and holds too little to be a secret.
    """
    path = Path(path)
    try:
        # One call that makes it or fails: of two graders that start at once, one seed wins.
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        content = path.read_bytes()
        try:
            seed = content.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            seed = ""
        if len(seed) < 8:
            raise SeedError(
                f"{path} should hold a secret of 8 characters or more. Received: {len(seed)}. "
                "Write one, or delete the file and a new one is made."
            ) from None
        return seed
    seed = secrets.token_hex(SEED_BYTES)
    with open(made, "w", encoding="utf-8") as file:
        file.write(seed + "\n")
    return seed


def hidden_cases(slug, seed, root=ROOT):
    """The cases of a chapter that no student has seen, as the bytes of a case file.

    The reference answers run here, so this imports what the chapter imports, once for a chapter.
    Personal exercises are not in it: their numbers come from the student's name.

    Args:
        slug: the chapter, such as "ch03_transposed_convolution".
        seed: the secret, a string.
        root: the folder with solutions/.
    """
    chapter = read_chapter(slug, root)
    made = {}
    for exercise in of_chapter(chapter.number):
        if not exercise.personal:
            made[exercise.id] = _draws(chapter, exercise, seed)
    return public.pack(made)


def _draws(chapter, exercise, seed):
    """Several draws of an exercise's cases, each case once, in an order that nobody can count on.

    An answer that counts its calls and returns the public values in turn gets nothing from it.
    """
    digest = hashlib.sha256(f"{seed}/{exercise.id}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest, "big"))
    cases = {}
    for _ in range(DRAWS):
        for case in answers.make_cases(chapter, exercise, rng):
            cases.setdefault(public.pack({exercise.id: [case]}), case)
    cases = list(cases.values())
    return [cases[i] for i in rng.permutation(len(cases))]


def chapters_with_exercises(names=(), root=ROOT):
    """Slugs of the chapters that have something to grade by itself, or those that names mean."""
    return [slug for slug in chapter_slugs(names, root) if of_chapter(int(slug[2:4]))]


@functools.lru_cache(maxsize=32)
def unpack(packed):
    """Case-file bytes -> a dict of exercise id -> list of `public.Case`."""
    return public.unpack(packed)
