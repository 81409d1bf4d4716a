"""Your own photographs: from a folder or a short video to aligned faces, and back into the picture.

`load_person` reads, `blend` puts a new face into a picture, `save_swaps` writes labelled files.
Everything happens on this computer: nothing is sent, and nothing is kept but what `save_swaps`
writes. Use pictures of people who have agreed to it.
"""

from course.photographs.blending import blend
from course.photographs.person import Person, Photograph, TooFewFaces, load_person
from course.photographs.saving import save_swaps

__all__ = ["Person", "Photograph", "TooFewFaces", "blend", "load_person", "save_swaps"]
