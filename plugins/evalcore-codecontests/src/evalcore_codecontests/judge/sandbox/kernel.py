"""System calls that the standard library of Python 3.11 does not offer."""

from __future__ import annotations

import ctypes
import os
import signal

CLONE_NEWNS = 0x0002_0000
CLONE_NEWUTS = 0x0400_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_ATTR_RDONLY = 1
_MOUNT_ATTR_NOSUID = 2
_CAPABILITY_VERSION_3 = 0x2008_0522
_LAST_CAPABILITY = 63
_PTHREAD_ATTRIBUTES_BYTES = 64

# The same on every architecture but these two, which differ.
_SYS_CLONE = {"x86_64": 56, "aarch64": 220}
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_MOUNT_SETATTR = 442

MACHINE = os.uname().machine

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _check(result: int, what: str) -> int:
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"{what}: {os.strerror(errno)}")
    return result


def unshare(flags: int, what: str) -> None:
    """Move this process into new namespaces; `what` names them in the error."""
    _check(_libc.unshare(flags), what)


def clone(flags: int) -> int:
    """Fork into new namespaces: 0 in the child, its process id in the parent."""
    number = ctypes.c_long(_SYS_CLONE[MACHINE])
    zero = ctypes.c_long(0)
    arguments = (ctypes.c_ulong(flags | signal.SIGCHLD), zero, zero, zero, zero)
    return _check(_libc.syscall(number, *arguments), "clone")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount `source` on `target`."""
    result = _libc.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode()
    )
    _check(result, f"mount {kind or source} on {target}")


def make_read_only(path: str, *, recursive: bool) -> None:
    """Make a mount, or the whole tree of mounts below it, read-only and without set-user-id."""
    attributes = (ctypes.c_uint64 * 4)(_MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID, 0, 0, 0)
    result = _libc.syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR),
        ctypes.c_long(_AT_FDCWD),
        ctypes.c_char_p(path.encode()),
        ctypes.c_long(_AT_RECURSIVE if recursive else 0),
        attributes,
        ctypes.c_long(ctypes.sizeof(attributes)),
    )
    _check(result, f"mount_setattr {path}")


def change_root(path: str) -> None:
    """Make the mount at `path` the root and let go of the old one."""
    os.chdir(path)
    dot = ctypes.c_char_p(b".")
    _check(_libc.syscall(ctypes.c_long(_SYS_PIVOT_ROOT[MACHINE]), dot, dot), "pivot_root")
    _check(_libc.umount2(dot, MNT_DETACH), "umount2")
    os.chdir("/")


def prctl(option: int, argument: int = 0, address: int = 0) -> None:
    """Set one property of this process."""
    zero = ctypes.c_ulong(0)
    arguments = (ctypes.c_ulong(argument), ctypes.c_ulong(address), zero, zero)
    _check(_libc.prctl(option, *arguments), f"prctl {option}")


def set_thread_stack(size: int) -> None:
    """Set the stack of threads to come, which otherwise follows the limit for the first one."""
    attributes = ctypes.create_string_buffer(_PTHREAD_ATTRIBUTES_BYTES)
    for error in (
        _libc.pthread_attr_init(attributes),
        _libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(size)),
        _libc.pthread_setattr_default_np(attributes),
    ):
        if error:
            raise OSError(error, f"stack size of threads: {os.strerror(error)}")


def die_with_parent() -> None:
    """Have this process killed when its parent ends."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def drop_bounding_capabilities() -> None:
    """Give up the chance to gain any capability by executing a program."""
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # past the last one that this kernel knows


def drop_capabilities() -> None:
    """Give up every capability, for good."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(header, none), "capset")
