"""course.grading.scheduler: every task has one result, whatever happens to the workers."""

import contextlib
import os
import signal
import socket
import time

import pytest

from course.grading import scheduler


def square(x):
    return x * x


def fails(x):
    raise ValueError(f"no {x}")


def ends(x):
    if x == "bad":
        os._exit(3)
    return x


def slow(folder, x):
    """Says where it runs, then takes its time."""
    (folder / f"{x}-{os.getpid()}").touch()
    time.sleep(1.0)
    return x


@pytest.fixture(scope="module")
def client():
    with scheduler.connect(jobs=2) as client:
        yield client


def test_each_task_has_its_result(client):
    tasks = ((f"key {i}", (i,)) for i in range(50))
    assert dict(scheduler.map_unordered(client, square, tasks)) == {
        f"key {i}": i * i for i in range(50)
    }


def test_no_task_no_result(client):
    assert list(scheduler.map_unordered(client, square, [])) == []


def test_what_is_raised_comes_back(client):
    ((key, error),) = scheduler.map_unordered(client, fails, [("a", (7,))])
    assert key == "a" and isinstance(error, ValueError) and str(error) == "no 7"


def test_few_tasks_are_read_ahead(client):
    read = []

    def tasks():
        for i in range(100):
            read.append(i)
            yield i, (i,)

    results = scheduler.map_unordered(client, square, tasks())
    next(results)
    assert len(read) <= scheduler.AHEAD * scheduler.workers(client) + 1
    assert sum(1 for _ in results) == 99


def test_a_task_that_ends_its_workers_is_lost_and_the_others_are_not(client):
    words = ["a", "bad", "b", "c"]
    found = dict(scheduler.map_unordered(client, ends, [(w, (w,)) for w in words]))
    assert isinstance(found.pop("bad"), scheduler.Lost)
    # Whoever stood in line behind it may be lost too; alone, each of them gets through.
    for word, result in found.items():
        if isinstance(result, scheduler.Lost):
            ((_, result),) = scheduler.map_unordered(client, ends, [(word, (word,))])
        assert result == word


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_worker_that_is_killed_costs_a_retry(client, tmp_path):
    results = scheduler.map_unordered(client, slow, [(i, (tmp_path, i)) for i in range(4)])
    import threading

    def kill():
        while not (started := list(tmp_path.iterdir())):
            time.sleep(0.02)
        os.kill(int(started[0].name.split("-")[1]), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    assert dict(results) == {i: i for i in range(4)}
    thread.join()
    assert len(list(tmp_path.iterdir())) > 4  # one of them ran twice


def test_an_address_where_nobody_answers(monkeypatch):
    monkeypatch.setattr(scheduler, "PATIENCE", "1s")
    with (
        pytest.raises(scheduler.SchedulerError, match=r"127\.0\.0\.1:1.*--scheduler"),
        scheduler.connect("tcp://127.0.0.1:1"),
    ):
        pass


def test_a_scheduler_elsewhere_is_used():
    from distributed import LocalCluster

    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False,
            protocol="tcp://", dashboard_address="127.0.0.1:0",
        ) as cluster,
        scheduler.connect(cluster.scheduler_address) as other,
    ):  # fmt: skip
        assert list(scheduler.map_unordered(other, square, [("a", (3,))])) == [("a", 9)]
        assert scheduler.workers(other) == 2


def test_who_has_no_certificate_of_this_run_is_kept_out(client):
    """Whoever may talk to a scheduler may run programs with the grader's rights."""
    from distributed import Client
    from distributed.security import Security

    address = client.scheduler_info()["address"]
    assert address.startswith("tls://127.0.0.1:")
    for other, security in (
        (address.replace("tls", "tcp"), None),
        (address, Security.temporary()),
    ):
        with pytest.raises(OSError):
            Client(other, security=security, timeout="2s")
    assert list(scheduler.map_unordered(client, square, [("a", (3,))])) == [("a", 9)]


def test_the_certificates_of_tls_are_asked_for(client):
    address = client.scheduler_info()["address"]
    with (
        pytest.raises(scheduler.SchedulerError, match=r"certificates in Dask's own settings"),
        scheduler.connect(address),
    ):
        pass


def test_another_run_on_this_machine_is_no_hindrance():
    """Dask's usual port for pages may be taken."""
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # somebody else holds it already
            taken.bind(("127.0.0.1", 8787))
            taken.listen()
        with scheduler.connect(jobs=1) as client:
            assert scheduler.workers(client) == 1


def test_workers_that_do_not_start(monkeypatch):
    import distributed

    def never(**_):
        raise RuntimeError("Cluster failed to start")

    monkeypatch.setattr(distributed, "LocalCluster", never)
    with (
        pytest.raises(scheduler.SchedulerError, match=r"failed to start.*--jobs 1"),
        scheduler.connect(jobs=2),
    ):
        pass


@pytest.mark.parametrize("address", ["nonsense", "foo://bar:1", "tcp://here", "tcp://a b:1"])
def test_what_is_no_address_is_told_at_once(address):
    begin = time.monotonic()
    with (
        pytest.raises(scheduler.SchedulerError, match=r"looks like tcp://10"),
        scheduler.connect(address),
    ):
        pass
    assert time.monotonic() - begin < 5


def test_a_scheduler_that_goes_away_is_told(tmp_path):
    from distributed import LocalCluster

    cluster = LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False,
        protocol="tcp://", dashboard_address="127.0.0.1:0",
    )  # fmt: skip
    with scheduler.connect(cluster.scheduler_address) as client:
        tasks = ((i, (tmp_path, i)) for i in range(20))
        results = scheduler.map_unordered(client, slow, tasks)
        next(results)
        cluster.close()
        with pytest.raises(scheduler.SchedulerError, match=r"was lost.*run the command again"):
            list(results)
