"""The libraries that only this part of the course needs, imported when they are needed."""

import importlib

REQUIREMENTS = {"mtcnn": "mtcnn>=1,<2", "av": "av>=14.1"}
PURPOSE = {"mtcnn": "find faces", "av": "read a video"}


def need(name):
    """Import one of REQUIREMENTS.

    Raises:
        ImportError: if it is not installed; the message says what to run.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        asked = " ".join(f'"{requirement}"' for requirement in REQUIREMENTS.values())
        raise ImportError(
            f"To {PURPOSE[name]} the package {name} is needed ({error}). Run this in a cell, once, "
            f"then restart the kernel: %pip install {asked}"
        ) from error
