"""What a process and all that it started use, as the kernel counts it. Linux."""

import os
from dataclasses import dataclass
from pathlib import Path

# kB. Pages that belong to files do not count: the kernel can drop them.
_OWN = ("RssAnon:", "RssShmem:", "VmSwap:", "VmPTE:")
_SHARE = ("Pss_Anon:", "Pss_Shmem:", "SwapPss:")
_MOST = 100_000  # processes to look at


@dataclass(frozen=True)
class Usage:
    """What some processes use together.

    Args:
        memory: bytes.
        seconds: of processor time.
        starved: seconds that they were ready to run and others had the processors.
        processes: their ids.
    """

    memory: int
    seconds: float
    starved: float
    processes: tuple


def usage(pid):
    """What a process and its descendants use now; None where the system does not say.

    A process that ends while we look is left out. Memory that processes share counts for each.
    """
    if not Path("/proc/self/status").exists():
        return None
    memory = seconds = starved = 0
    waiting, seen = [pid], set()
    while waiting and len(seen) < _MOST:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        try:
            for thread in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{thread}/children") as file:
                    waiting += [int(child) for child in file.read().split()]
            memory += _sum(f"/proc/{one}/status", _OWN)
            with open(f"/proc/{one}/stat", "rb") as file:
                # A process chooses its name; only what follows the last bracket is the kernel's.
                words = file.read().rpartition(b")")[2].split()
        except (OSError, ValueError):
            continue
        seconds += sum(int(word) for word in words[11:15]) / os.sysconf("SC_CLK_TCK")
        starved += _run_delay(one)
    return Usage(memory, seconds, starved, tuple(seen))


def fair_memory(used):
    """Bytes of memory in which a page that n processes share counts once. Slower to find out.

    Args:
        used: a `Usage`. Where the system does not say, its own number is given back.
    """
    total = 0
    for pid in used.processes:
        try:
            total += _sum(f"/proc/{pid}/smaps_rollup", _SHARE)
            total += _sum(f"/proc/{pid}/status", ("VmPTE:",))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        except OSError:
            return used.memory
    return total


def files(pid, folder):
    """How many files a file system holds that a process has mounted; 0 if it cannot be seen."""
    try:
        found = os.statvfs(f"/proc/{pid}/root{folder}")
    except OSError:
        return 0
    return found.f_files - found.f_ffree


def _run_delay(pid):
    """Seconds for which a process had to wait for a processor; 0 if the kernel does not count."""
    try:
        with open(f"/proc/{pid}/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0


def _sum(path, keys):
    with open(path, errors="replace") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(keys)) * 1024
