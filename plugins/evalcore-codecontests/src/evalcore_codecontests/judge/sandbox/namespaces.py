"""A private view of the machine: own users, no network, and a read-only root with little in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from . import kernel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TEST_ID = 1000
"""User and group, as seen inside, that programs run as."""

_NOBODY = 65534
_SYSTEM_FOLDERS = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix", "/gnu")
_SYSTEM_FILES = ("/etc/ld.so.cache",)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_MOUNT_POINTS = ("/box", "/program", "/proc")
_STAGING = ("/mnt", "/media", "/srv", "/sys", "/tmp", "/home")  # noqa: S108 - a mount point


def enter(binds: Mapping[str, str], hidden: Iterable[str] = ()) -> None:
    """Leave the machine behind.

    Afterwards this process still has every capability inside its own user namespace, so that
    it can make one more mount and process namespace for each program.

    Args:
        binds: what to show besides the system's programs and libraries, by the path inside.
        hidden: files and folders of the machine that are empty inside, where they lie in what is
            shown: the problems' data, and programs that solve them.

    Raises:
        OSError: the kernel refuses; its text names the step.
    """
    _enter_user_namespace()
    kernel.unshare(kernel.CLONE_NEWNS, "new mount namespace")
    kernel.unshare(kernel.CLONE_NEWNET, "new network namespace")
    kernel.unshare(kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS, "new IPC and UTS namespaces")
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    system = {path: path for path in (*_SYSTEM_FOLDERS, *_SYSTEM_FILES, *_DEVICES)}
    _build_root({**system, **binds}, hidden)


def become_test_user() -> None:
    """Switch to the user that programs run as, where that is not the one we are."""
    if os.getuid() != TEST_ID:
        os.setgroups([])
        os.setresgid(TEST_ID, TEST_ID, TEST_ID)
        os.setresuid(TEST_ID, TEST_ID, TEST_ID)


def _enter_user_namespace() -> None:
    """Root maps a second, unprivileged user, since no limit on processes holds for root itself."""
    user, group = os.geteuid(), os.getegid()
    two = f"0 {user} 1\n{TEST_ID} {_NOBODY} 1\n", f"0 {group} 1\n{TEST_ID} {_NOBODY} 1\n"
    helper = _IdentityMapper(*two) if user == 0 else None
    kernel.unshare(kernel.CLONE_NEWUSER, "new user namespace")
    if helper is not None and helper.apply():
        return
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{TEST_ID} {user} 1\n")
    Path("/proc/self/gid_map").write_text(f"{TEST_ID} {group} 1\n")


class _IdentityMapper:
    """A child that stays outside the new user namespace, where mapping two users is allowed."""

    def __init__(self, users: str, groups: str) -> None:
        self._go, go = os.pipe()[::-1]
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._go)  # so that it reads the end, should this process be refused and end
            os._exit(self._map(go, users, groups))
        os.close(go)

    def apply(self) -> bool:
        """Whether both maps stand now; `False` where this root may map itself alone."""
        os.write(self._go, b"x")
        os.close(self._go)
        return os.waitpid(self._pid, 0)[1] == 0

    def _map(self, go: int, users: str, groups: str) -> int:
        if not os.read(go, 1):
            return 1
        proc = Path(f"/proc/{os.getppid()}")
        try:
            proc.joinpath("gid_map").write_text(groups)
            proc.joinpath("uid_map").write_text(users)
        except OSError:
            return 1
        return 0


def _build_root(binds: Mapping[str, str], hidden: Iterable[str]) -> None:
    staging = _staging_folder(binds.values())
    kernel.mount("tmpfs", staging, "tmpfs", options="size=1m,nr_inodes=4096,mode=755")
    for folder in _MOUNT_POINTS:
        Path(staging + folder).mkdir()
    for inside in sorted(binds):  # parents before children
        _bind(binds[inside], staging + inside)
    for path in hidden:
        for inside in binds:
            _hide(Path(path), Path(binds[inside]), Path(staging + inside))
    Path(staging, "dev/stdin").symlink_to("/program/stdin")  # there for those who name it
    if not Path(staging, "tmp").exists():
        Path(staging, "tmp").symlink_to("/box")
    kernel.change_root(staging)
    kernel.make_read_only("/", recursive=True)


def _hide(path: Path, source: Path, target: Path) -> None:
    """Make `path` empty where it is seen below `target`, which shows `source`."""
    shown, real = source.resolve(), path.resolve()
    if not real.is_relative_to(shown) or target.is_symlink():
        return
    place = target / real.relative_to(shown)
    if place.is_dir():
        kernel.mount("tmpfs", str(place), "tmpfs", options="size=4k,nr_inodes=1,mode=755")
    elif place.is_file():
        kernel.mount("/dev/null", str(place), flags=kernel.MS_BIND)


def _staging_folder(sources: Iterable[str]) -> str:
    """A folder to build the new root on, hiding none of what goes into it."""
    for folder in _STAGING:
        hides = any(source.startswith(folder + "/") for source in sources)
        if not hides and Path(folder).is_dir():
            return folder
    raise OSError(f"none of {', '.join(_STAGING)} is a folder free to mount on")


def _bind(source: str, target: str) -> None:
    """Show `source` at `target`; a link of the system stays a link, what is missing is left out."""
    origin, place = Path(source), Path(target)
    if not origin.exists() or place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if origin.is_symlink() and origin.parent == Path("/"):
        place.symlink_to(origin.readlink())
        return
    if origin.is_dir():
        place.mkdir()
    else:
        place.touch()
    kernel.mount(str(origin.resolve()), target, flags=kernel.MS_BIND | kernel.MS_REC)
