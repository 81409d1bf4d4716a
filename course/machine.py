"""What this machine has for the course: cores and memory. Standard library only."""

import os
import subprocess
import sys
from pathlib import Path


def cores():
    """Cores that this process may use: affinity and a container's quota counted."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        count = os.cpu_count() or 1
    try:  # Linux containers: "200000 100000" means two cores
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass
    return count


def memory_gib():
    """Memory in GiB that a new process could use (Linux) or that is built in (elsewhere)."""
    if sys.platform == "win32":
        return _windows_memory()
    if sys.platform == "darwin":
        asked = subprocess.run(["sysctl", "-n", "hw.memsize"], capture_output=True, text=True)
        return int(asked.stdout or 8 * 2**30) / 2**30
    found = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = Path("/sys/fs/cgroup/memory.current").read_text()
        found.append(int(limit) - int(used))
    except (OSError, ValueError):
        pass
    return min(found, default=8 * 2**30) / 2**30


def _windows_memory():
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
            (name, ctypes.c_ulonglong)
            for name in ("total", "free", "page", "page_free", "virtual", "virtual_free", "more")
        ]

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.free / 2**30
