"""Write swaps: every file labelled, none of the user's own ever replaced."""

import errno
import re
from pathlib import Path

from course.data.cache import shown
from course.photographs.blending import blend
from course.photographs.waiting import Waiting
from course.provenance import save_generated

SECONDS = 0.3  # a picture, on two CPU cores
ABOUT = "A photograph whose face was replaced by a generated one, made in a course on autoencoders"


def save_swaps(person, swapped_faces, folder):
    """Blend new faces into a person's photographs and save the pictures, each labelled.

    The files are called 001_NAME_swapped.jpg and so on, with what the label and the metadata of
    `course.provenance` say. Files of an earlier run are replaced, others never. Place, date and
    device, which a photograph's own metadata tell, are not carried over.

    Args:
        person: of `load_person`.
        swapped_faces: (n, size, size, 3) floats in [0, 1], one for each of `person.photographs`.
        folder: where to; it is made if need be.

    Returns:
        the paths, one a photograph.

    Raises:
        ValueError: if the number of faces is another.
        FileExistsError: if a file of that name is there that is not from here.
        OSError: if the folder cannot be written, or its disk is full. Complete files stay.
    """
    if len(swapped_faces) != len(person.photographs):
        raise ValueError(
            f"Give one face for each of the {len(person.photographs)} photographs. "
            f"Received: {len(swapped_faces)}."
        )
    folder, paths = Path(folder).expanduser(), []
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            error.errno, f"The folder {shown(folder)} cannot be made ({error})"
        ) from error
    waiting = Waiting("saving", folder.resolve().name, len(swapped_faces), SECONDS)
    for photograph, face in zip(person.photographs, swapped_faces, strict=True):
        path = folder / f"{len(paths) + 1:03d}_{_plain(photograph.name)}_swapped.jpg"
        picture = blend(photograph, face)
        try:
            paths.append(save_generated(path, picture, ABOUT, composite=True))
        except FileExistsError:
            raise
        except OSError as error:
            full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None))
            why = "the disk is full" if full else f"{shown(folder)} cannot be written ({error})"
            raise OSError(
                error.errno,
                f"{len(paths)} of {len(person.photographs)} pictures were saved, then {why}. The "
                "saved ones are complete, and your photographs are untouched. Make room or choose "
                "another folder, then run this again",
            ) from error
        waiting.step()
    waiting.end()
    return paths


def _plain(name):
    """A name that every system takes: letters, digits and a few signs, not too long.

    Example:
        >>> _plain("me & you.jpg"), _plain("clip.mp4, frame 7")
        ('me_you', 'clip_mp4_frame_7')
    """
    name = re.sub(r"\.\w+$", "", name)
    return re.sub(r"[^\w-]+", "_", name).strip("_")[:40]
