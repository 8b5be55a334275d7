"""Filters on system calls, as the kernel's classic BPF programs.

Namespaces, limits and lost capabilities already stop a program from reaching anything; the
filters take away the parts of the kernel that contest programs never use and attackers do.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import kernel

if TYPE_CHECKING:
    from collections.abc import Iterable

_AUDIT_ARCH = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
_X32_BIT = 0x4000_0000

# name: (number on x86-64, number on aarch64); None where the call does not exist.
_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "delete_module": (176, 106),
    "execve": (59, 221),
    "execveat": (322, 281),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fork": (57, None),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "prlimit64": (302, 261),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "semget": (64, 190),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "setpriority": (141, 140),
    "settimeofday": (164, 170),
    "shmget": (29, 194),
    "socket": (41, 198),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vfork": (58, None),
    "vhangup": (153, 58),
}
_SPECIAL = {"clone", "clone3", "execve", "execveat", "fork", "memfd_create", "vfork"}
_OTHERS_ONLY = {"prlimit64", "sched_setaffinity"}  # refused on any process but the caller
_ALWAYS_DENIED = _NUMBERS.keys() - _SPECIAL - _OTHERS_ONLY

_CLONE_THREAD = 0x0001_0000
_CLONE_NAMESPACES = 0x7E02_0000

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
_OFFSET_NUMBER, _OFFSET_ARCH, _OFFSET_ARGUMENT_0 = 0, 4, 16


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled filter, ready to install."""

    program: bytes

    def install(self) -> None:
        """Apply the filter to this process and its children, for good."""
        instructions = ctypes.create_string_buffer(self.program, len(self.program))
        header = struct.pack("HxxxxxxQ", len(self.program) // 8, ctypes.addressof(instructions))
        block = ctypes.create_string_buffer(header, len(header))
        mode_filter = 2
        kernel.prctl(kernel.PR_SET_SECCOMP, mode_filter, ctypes.addressof(block))


def build(*, processes: bool, execute: bool) -> Filter:
    """A filter that refuses what no contest program needs.

    Args:
        processes: whether new processes may be started; threads always may.
        execute: whether another program may be executed.
    """
    denied = set(_ALWAYS_DENIED)
    if not processes:
        denied |= {"fork", "vfork", "memfd_create"}
    if not execute:
        denied |= {"execve", "execveat"}
    code = [*_prologue(), *_clone_rules(processes=processes)]
    code += [step for name in sorted(_OTHERS_ONLY) for step in _refuse_others(name)]
    code += [step for name in sorted(denied) for step in _refuse(name)]
    code.append(_op(_RETURN, _ALLOW))
    return Filter(b"".join(code))


def _op(code: int, k: int, jump_true: int = 0, jump_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, jump_true, jump_false, k)


def _number(name: str) -> int | None:
    return _NUMBERS[name][0 if kernel.MACHINE == "x86_64" else 1]


def _prologue() -> Iterable[bytes]:
    """Kill a call made under a foreign architecture, whose numbers mean other calls."""
    yield _op(_LOAD, _OFFSET_ARCH)
    yield _op(_JUMP_EQUAL, _AUDIT_ARCH[kernel.MACHINE], 1, 0)
    yield _op(_RETURN, _KILL)
    yield _op(_LOAD, _OFFSET_NUMBER)
    if kernel.MACHINE == "x86_64":
        yield _op(_JUMP_GREATER_EQUAL, _X32_BIT, 0, 1)
        yield _op(_RETURN, _KILL)


def _refuse(name: str, error: int = errno.EPERM) -> Iterable[bytes]:
    number = _number(name)
    if number is not None:
        yield _op(_JUMP_EQUAL, number, 0, 1)
        yield _op(_RETURN, _ERRNO | error)


def _refuse_others(name: str) -> Iterable[bytes]:
    """Refuse a call whose first argument, a process id, is not 0 (the caller)."""
    number = _number(name)
    assert number is not None
    yield _op(_JUMP_EQUAL, number, 0, 4)
    yield _op(_LOAD, _OFFSET_ARGUMENT_0)
    yield _op(_JUMP_EQUAL, 0, 0, 1)
    yield _op(_RETURN, _ALLOW)
    yield _op(_RETURN, _ERRNO | errno.EPERM)


def _clone_rules(*, processes: bool) -> Iterable[bytes]:
    """Threads only, or processes without new namespaces; clone3 hides its flags in memory."""
    yield from _refuse("clone3", errno.ENOSYS)
    number = _number("clone")
    assert number is not None
    yield _op(_JUMP_EQUAL, number, 0, 4)
    yield _op(_LOAD, _OFFSET_ARGUMENT_0)
    if processes:
        yield _op(_JUMP_ANY_BIT, _CLONE_NAMESPACES, 1, 0)
    else:
        yield _op(_JUMP_ANY_BIT, _CLONE_THREAD, 0, 1)
    yield _op(_RETURN, _ALLOW)
    yield _op(_RETURN, _ERRNO | errno.EPERM)
