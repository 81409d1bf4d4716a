"""The system calls that a worker may not make, as a filter for the kernel (seccomp).

Namespaces hide files, processes and the network. What they do not hide: sockets to a virtual
machine's host (AF_VSOCK), the kernel's keys, and memory that counts for no process: files that lie
in memory, shared mappings, pages given to pipes, locks, filters, and what waits in the buffers of
sockets. No answer needs any of these. The filter also refuses what opens new namespaces, looks into
other processes or slows them down, or is known for holes in kernels.
"""

import errno
import platform
import struct
import sys

# name -> number on x86_64 and on aarch64 (include/uapi/asm-generic/unistd.h, from 424 on the same);
# None where there is no such call
REFUSED = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "landlock_create_ruleset": (444, 444),
    "io_setup": (206, 0),
    "vmsplice": (278, 75),
    "seccomp": (317, 277),
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122),
    "modify_ldt": (154, None),
    "personality": (135, 92),
    "syslog": (103, 116),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
}
CLONE, CLONE3, MMAP, PRLIMIT = (56, 220), (435, 435), (9, 222), (302, 261)
PRCTL, FCNTL = (157, 167), (72, 25)
SET_SECCOMP, LOCKS = 22, (6, 7, 37, 38)  # F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW
NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
SHARED_AND_NAMELESS = 0x21  # MAP_SHARED | MAP_ANONYMOUS

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, AUDIT_ARCH
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data


def machine():
    """The kind of processor, if there is a filter for it, else None."""
    name = platform.machine()
    return name if name in _MACHINES and sys.maxsize > 2**32 else None


def program(name):
    """The filter as bytes, for `bwrap --seccomp`.

    Args:
        name: "x86_64" or "aarch64".
    """
    column, architecture = _MACHINES[name]

    def refuse(numbers, error):
        return [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ERROR | error)]

    def look(numbers, argument, *steps):
        """Steps on the lower half of an argument of one call; they end in a return."""
        load = (_LOAD, 0, 0, _ARGUMENTS + 8 * argument)
        return [(_EQUAL, 0, len(steps) + 1, numbers[column]), load, *steps]

    allow, denied = (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERROR | errno.EPERM)
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, 0x40000000),  # x86's x32 calls have numbers of their own
        (_RETURN, 0, 0, _KILL),
    ]
    for numbers in REFUSED.values():
        if numbers[column] is not None:
            lines += refuse(numbers, errno.EPERM)
    # Its flags lie in memory, where a filter cannot look. The C library then takes clone.
    lines += refuse(CLONE3, errno.ENOSYS)
    flags = (_AND, 0, 0, NEW_NAMESPACES)
    lines += look(CLONE, 0, flags, (_EQUAL, 0, 1, 0), allow, denied)
    flags = (_AND, 0, 0, SHARED_AND_NAMELESS)
    lines += look(MMAP, 3, flags, (_EQUAL, 0, 1, SHARED_AND_NAMELESS), denied, allow)
    lines += look(PRLIMIT, 0, (_EQUAL, 0, 1, 0), allow, denied)  # one's own limits only
    lines += look(PRCTL, 0, (_EQUAL, 0, 1, SET_SECCOMP), denied, allow)
    locks = [(_EQUAL, len(LOCKS) - i, 0, command) for i, command in enumerate(LOCKS)]
    lines += look(FCNTL, 1, *locks, allow, denied)
    lines.append(allow)
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
