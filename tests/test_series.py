"""The simulated series do what their descriptions say: heights, times, frequencies, faults."""

import numpy as np
import pytest

from course.data.series import (
    BEAT_KINDS,
    BEAT_RATE,
    BEAT_TIMES,
    VIBRATION_KINDS,
    VIBRATION_RATE,
    simulate_heartbeats,
    simulate_vibration,
)

SIMULATORS = [(simulate_heartbeats, BEAT_KINDS, 128), (simulate_vibration, VIBRATION_KINDS, 512)]


def mean_beat(kind, part=slice(None)):
    """The mean over 200 recordings in a span of time (s), where noise and drift cancel."""
    made = simulate_heartbeats(200, 5, kinds=(kind,), seed=4)
    return made.values.mean(axis=0)[part]


def between(start, end):
    return (start <= BEAT_TIMES) & (end >= BEAT_TIMES)


@pytest.mark.parametrize(("simulate", "kinds", "length"), SIMULATORS)
def test_every_window_is_labelled(simulate, kinds, length):
    made = simulate(3, 4, kinds=kinds, first=7)
    assert made.values.shape == (3 * 4 * len(kinds), length)
    assert made.values.dtype == np.float32
    assert np.isfinite(made.values).all()
    for recording in (7, 8, 9):
        for kind in kinds:
            assert np.sum((made.recording == recording) & (made.kind == kind)) == 4


@pytest.mark.parametrize(("simulate", "kinds", "length"), SIMULATORS)
def test_a_recording_depends_on_its_number_seed_and_kind_alone(simulate, kinds, length):
    made = simulate(4, 3, kinds=kinds, seed=2)
    alone = simulate(1, 3, kinds=(kinds[1],), seed=2, first=2)
    mine = (made.recording == 2) & (made.kind == kinds[1])
    np.testing.assert_array_equal(made.values[mine], alone.values)
    assert not np.array_equal(simulate(1, 3, seed=3).values, simulate(1, 3, seed=2).values)


def test_the_r_peak_stands_at_zero_and_has_about_a_millivolt():
    beat = mean_beat("normal")
    assert abs(BEAT_TIMES[beat.argmax()]) <= 1 / BEAT_RATE
    assert 0.8 < beat.max() < 1.15
    assert np.ptp(BEAT_TIMES) == pytest.approx(127 / BEAT_RATE)


def test_the_faults_of_a_beat():
    p, st, t = between(-0.19, -0.15), between(0.1, 0.14), between(0.24, 0.28)
    normal = mean_beat("normal")
    assert normal[p].mean() > 0.08
    assert abs(mean_beat("no P")[p].mean()) < 0.02
    assert 0.12 < (mean_beat("raised ST") - normal)[st].mean() < 0.3
    assert mean_beat("wide")[t].mean() < -0.15
    assert mean_beat("wide")[between(0.025, 0.035)].mean() > 0.4 > normal[between(0.025, 0.035)][0]
    assert np.abs(mean_beat("lead off")).max() < 0.02


@pytest.mark.parametrize(("kind", "noise"), [("normal", 0.02), ("muscle", 0.12)])
def test_the_noise_has_its_millivolts(kind, noise):
    """Second differences at the end of the window, where a beat is nearly straight."""
    ends = simulate_heartbeats(100, 5, kinds=(kind,)).values[:, -16:].astype(float)
    assert np.diff(ends, n=2).std() / np.sqrt(6) == pytest.approx(noise, rel=0.05)


def test_people_differ_by_more_than_their_beats_explain():
    made = simulate_heartbeats(30, 30)
    people = made.values.reshape(30, 30, 128).astype(float)
    by_chance = people.var(axis=1).mean() / 30  # the variance of a mean of 30 beats
    assert people.mean(axis=1).var(axis=0).mean() > 8 * by_chance


def power(kind):
    """Mean power in each band of 4 Hz, and the frequencies."""
    made = simulate_vibration(40, 10, kinds=(kind,), seed=5)
    spectrum = np.abs(np.fft.rfft(made.values * np.hanning(512))) ** 2
    return spectrum.mean(axis=0), np.fft.rfftfreq(512, 1 / VIBRATION_RATE)


def test_the_faults_of_a_machine():
    normal, at = power("normal")
    assert 24 <= at[normal.argmax()] <= 36
    shaft, half, ringing, quiet = (
        (at >= low) & (at <= high) for low, high in ((24, 36), (12, 18), (500, 700), (850, 1000))
    )
    assert power("imbalance")[0][shaft].sum() == pytest.approx(9 * normal[shaft].sum(), rel=0.15)
    assert power("loose")[0][half].sum() > 10 * normal[half].sum()
    assert power("bearing")[0][ringing].sum() > 3 * normal[ringing].sum()
    stopped = power("stopped")[0]
    assert stopped[shaft].sum() < normal[shaft].sum() / 10
    assert stopped[quiet].sum() == pytest.approx(normal[quiet].sum(), rel=0.1)
    values = simulate_vibration(5, 20, kinds=("stopped",)).values
    assert values.std() == pytest.approx(0.3, rel=0.02)


def test_impacts_come_as_often_as_the_ball_passes():
    """The envelope of the ringing repeats after 1 / 3.6 of a turn."""
    made = simulate_vibration(1, 40, kinds=("bearing",), seed=1)
    spectrum = np.fft.rfft(made.values.astype(float), axis=1)
    at = np.fft.rfftfreq(512, 1 / VIBRATION_RATE)
    spectrum[:, (at < 400) | (at > 800)] = 0
    envelope = np.fft.irfft(spectrum, axis=1) ** 2
    padded = np.abs(np.fft.rfft(envelope - envelope.mean(axis=1, keepdims=True), 8192)) ** 2
    fine = np.fft.rfftfreq(8192, 1 / VIBRATION_RATE)
    peak = fine[(fine > 50) & (fine < 200)][
        padded.mean(axis=0)[(fine > 50) & (fine < 200)].argmax()
    ]
    assert 28 * 3.6 - 3 < peak < 32 * 3.6 + 3


@pytest.mark.parametrize(("simulate", "kinds", "length"), SIMULATORS)
@pytest.mark.parametrize("wrong", [("normal", "odd"), (), "normal"])
def test_an_unknown_kind_is_named(simulate, kinds, length, wrong):
    with pytest.raises(ValueError, match="kinds must be some of"):
        simulate(1, 1, kinds=wrong)


@pytest.mark.parametrize(("simulate", "kinds", "length"), SIMULATORS)
@pytest.mark.parametrize("counts", [(0, 1), (1, 0), (1.5, 1)])
def test_counts_are_whole_and_positive(simulate, kinds, length, counts):
    with pytest.raises(ValueError, match="int >= 1"):
        simulate(*counts)
