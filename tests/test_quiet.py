"""course.quiet: what native code says is held back, unless the block fails."""

import os

import pytest


@pytest.fixture(scope="module")
def quiet():
    import course.quiet

    return course.quiet


def test_native_words_are_held_back_and_stderr_works_after_it(quiet, capfd):
    with quiet._held_back():
        os.write(2, b"a notice\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_a_failure_shows_what_was_held_back(quiet, capfd):
    with pytest.raises(ImportError, match="broken"), quiet._held_back():
        os.write(2, b"cannot open a library\n")
        raise ImportError("broken")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "cannot open a library\nafter\n"


def test_no_file_descriptor_is_left_open(quiet):
    def free():
        fds = [os.dup(2) for _ in range(8)]
        for fd in fds:
            os.close(fd)
        return fds

    before = free()
    for _ in range(3):
        with quiet._held_back():
            pass
    assert free() == before


def test_a_log_level_of_the_user_is_kept(quiet, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    with quiet._held_back():
        assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    with quiet._held_back():
        assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"


def test_it_hands_out_keras_itself(quiet):
    import keras

    assert quiet.keras is keras
