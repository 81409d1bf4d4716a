"""The data of the course: `load_digits` finds the best there is and says what it took."""

from course.data.cache import DataError
from course.data.digits import DigitsSource, digits_source, load_digits
from course.data.faces import load_faces
from course.data.flights import load_flights
from course.data.scenes import load_scenes

__all__ = [
    "DataError",
    "DigitsSource",
    "digits_source",
    "load_digits",
    "load_faces",
    "load_flights",
    "load_scenes",
]
