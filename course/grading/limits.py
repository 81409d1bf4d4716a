"""What a worker may use."""

from dataclasses import dataclass

MB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What a worker may use. What goes beyond is ended, and the reply says so.

    Seconds of a processor are counted, so that a busy machine does no harm to an answer; real time
    has a limit of its own, for an answer that waits.

    Args:
        start: real seconds until a worker must be ready.
        prepare: processor seconds to run an answer's cell and the imports that it needs.
        case: processor seconds for one case, where the exercise does not say.
        patience: real seconds allowed for each processor second. Those do not count for which an
            answer is ready to run and the machine has no processor for it.
        submission: real seconds for all of a submission.
        memory: bytes, of all processes together.
        disk: bytes in the temporary folder, which lies in memory.
        files: number of files in it.
        processes: processes and threads.
        open_files: of one process.
        output: bytes printed by an answer during one case.
        reply: bytes of the arrays that come back.
        source: bytes of all code of a submission.
    """

    start: float = 60
    prepare: float = 20
    case: float = 5
    patience: float = 4
    submission: float = 180
    memory: int = 2048 * MB
    disk: int = 32 * MB
    files: int = 4_000
    processes: int = 48
    open_files: int = 96
    output: int = MB
    reply: int = 32 * MB
    source: int = 4 * MB
