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


@pytest.mark.parametrize(
    ("simulate", "kind"), [(simulate_heartbeats, "muscle"), (simulate_vibration, "stopped")]
)
def test_two_kinds_share_no_noise(simulate, kind):
    """Second differences: the noise, and little else."""
    made = simulate(1, 20, kinds=("normal", kind))
    normal, other = np.diff(made.values.astype(float), n=2).reshape(2, -1)
    assert abs(np.corrcoef(normal, other)[0, 1]) < 0.1


def test_the_r_peak_stands_at_zero_and_has_about_a_millivolt():
    beat = mean_beat("normal")
    assert abs(BEAT_TIMES[beat.argmax()]) <= 1 / BEAT_RATE
    assert 0.8 < beat.max() < 1.15
    assert np.ptp(BEAT_TIMES) == pytest.approx(127 / BEAT_RATE)
    assert BEAT_TIMES[0] == pytest.approx(-0.3)


def test_the_faults_of_a_beat():
    p, st, t = between(-0.19, -0.15), between(0.1, 0.14), between(0.24, 0.28)
    normal = mean_beat("normal")
    assert normal[p].mean() > 0.08
    assert abs(mean_beat("no P")[p].mean()) < 0.02
    assert normal[between(0.035, 0.045)].mean() < -0.05  # S goes down
    raised = mean_beat("raised ST") - normal
    assert raised[st].mean() == pytest.approx((0.12 + 0.3) / 2, abs=0.02)
    assert abs(raised[between(0.35, 0.5)].mean()) < 0.02
    assert mean_beat("wide")[t].mean() < -0.15
    assert abs(mean_beat("wide")[p].mean()) < 0.02
    assert mean_beat("wide")[between(0.085, 0.095)].mean() < -0.12  # S, three times as late
    assert mean_beat("wide")[between(0.025, 0.035)].mean() > 0.4 > normal[between(0.025, 0.035)][0]
    assert np.abs(mean_beat("lead off")).max() < 0.02


@pytest.mark.parametrize(("kind", "noise"), [("normal", 0.02), ("muscle", 0.12)])
def test_the_noise_has_its_millivolts(kind, noise):
    """Second differences at the end of the window, where a beat is nearly straight."""
    ends = simulate_heartbeats(100, 5, kinds=(kind,)).values[:, -16:].astype(float)
    assert np.diff(ends, n=2).std() / np.sqrt(6) == pytest.approx(noise, rel=0.05)


def test_the_drift_is_slow_and_has_its_millivolts():
    drift = simulate_heartbeats(100, 5, kinds=("lead off",)).values.astype(float)
    assert drift.std() == pytest.approx(np.hypot(0.05 / np.sqrt(2), 0.02), rel=0.05)
    bent = np.polynomial.polynomial.polyfit(BEAT_TIMES, drift.T, 3)
    rest = drift - np.polynomial.polynomial.polyval(BEAT_TIMES, bent)
    assert rest.std() == pytest.approx(0.02, rel=0.05)  # at most a third of a wave: nearly a cubic


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
    second, third = (
        normal[(at >= low) & (at <= high)].sum() for low, high in ((50, 70), (78, 102))
    )
    assert normal[shaft].sum() / second == pytest.approx(4, rel=0.3)
    assert second / third == pytest.approx(4, rel=0.3)
    loose = power("loose")[0]
    assert loose[half].sum() > 10 * normal[half].sum()
    assert loose[half].sum() == pytest.approx(0.8**2 * loose[shaft].sum(), rel=0.25)
    bearing = power("bearing")[0]
    assert bearing[ringing].sum() > 3 * normal[ringing].sum()
    assert at[at > 300][(bearing - normal)[at > 300].argmax()] == pytest.approx(600, abs=60)
    stopped = power("stopped")[0]
    assert stopped[shaft].sum() < normal[shaft].sum() / 10
    assert stopped[quiet].sum() == pytest.approx(normal[quiet].sum(), rel=0.1)
    values = simulate_vibration(5, 20, kinds=("stopped",)).values
    assert values.std() == pytest.approx(0.3, rel=0.02)


def test_a_ringing_dies_away_in_its_time():
    """The mean of a ringing's square is half its height's, and it halves twice as fast."""
    made = {kind: simulate_vibration(40, 10, kinds=(kind,)) for kind in ("normal", "bearing")}
    added = made["bearing"].values.var() - made["normal"].values.var()
    assert added == pytest.approx(2.0**2 / 2 * 0.003 / 2 * 3.6 * 30, rel=0.15)


@pytest.mark.parametrize("kind", ["normal", "bearing"])
def test_a_window_begins_anywhere_in_a_turn(kind):
    assert np.abs(simulate_vibration(40, 10, kinds=(kind,)).values.mean(axis=0)).max() < 0.35


def test_windows_of_one_machine_differ_in_load():
    made = simulate_vibration(1, 400, kinds=("imbalance",)).values.astype(float)
    at = np.fft.rfftfreq(512, 1 / VIBRATION_RATE)
    spectrum = np.abs(np.fft.rfft(made * np.hanning(512))) ** 2
    height = np.sqrt(spectrum[:, (at >= 20) & (at <= 40)].sum(axis=1))
    assert height.std() / height.mean() == pytest.approx(0.2 / np.sqrt(12), rel=0.2)


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
@pytest.mark.parametrize("counts", [(0, 1), (1, 0), (1.5, 1), (2.0, 1), (1, None)])
def test_counts_are_whole_and_positive(simulate, kinds, length, counts):
    with pytest.raises(ValueError, match="int >= 1"):
        simulate(*counts)


def test_the_count_is_named_as_the_argument_is():
    with pytest.raises(ValueError, match=r"`beats` must be .* Received: 0"):
        simulate_heartbeats(1, 0)
    with pytest.raises(ValueError, match=r"`machines` must be .* Received: 0"):
        simulate_vibration(0, 1)
