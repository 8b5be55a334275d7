"""What a router has learned, as one file: arrays and JSON, with a version and a checksum.

The file is a zip archive without compression, of `meta.json`, one `.npy` for each array and
`sha256`, the digest of all the rest. Nothing in it is ever executed, and equal states are equal to
the byte.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.errors import EvalcoreError
from evalcore_metallm.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["VERSION", "RouterStateError", "pack", "read_state", "unpack", "write_state"]

VERSION = 1
"""Raised whenever files of before can no longer be read."""

_FORMAT = "evalcore-metallm router"
_META, _DIGEST, _ARRAY = "meta.json", "sha256", ".npy"


class RouterStateError(EvalcoreError):
    """A saved router that cannot be used."""


def pack(meta: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """The content of a state file.

    Args:
        meta: plain data, such as JSON holds.
        arrays: by name, of numbers or booleans.
    """
    header = {"format": _FORMAT, "version": VERSION, "meta": meta}
    members = {_META: json.dumps(header, sort_keys=True).encode()}
    for name in sorted(arrays):
        content = io.BytesIO()
        np.lib.format.write_array(content, np.asarray(arrays[name]), allow_pickle=False)
        members[name + _ARRAY] = content.getvalue()
    members[_DIGEST] = _digest(members).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return packed.getvalue()


def unpack(content: bytes, source: str) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
    """What `pack` was given.

    Args:
        content: of a state file.
        source: what errors call it.

    Raises:
        RouterStateError: if it is cut short, changed, no state or of another version.
    """
    members = _members(content, source)
    header = _header(members, source)
    recorded = members.pop(_DIGEST, b"").decode(errors="replace")
    if recorded != _digest(members):
        raise RouterStateError(
            f"{source}: its content does not fit its checksum, so it was damaged or changed by "
            "hand; take a copy of it, or fit the router again"
        )
    arrays = {
        name.removesuffix(_ARRAY): _array(data, f"{source}: {name}")
        for name, data in members.items()
        if name.endswith(_ARRAY)
    }
    return header["meta"], arrays


def write_state(
    path: Path, meta: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]
) -> None:
    """Write a state file: whoever reads at any time finds the old one whole, or the new one.

    Raises:
        RouterStateError: if it cannot be written.
    """
    try:
        write_whole(path, pack(meta, arrays))
    except OSError as error:
        raise RouterStateError(f"cannot write {path}: {error.strerror or error}") from error


def read_state(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
    """What `write_state` was given.

    Raises:
        RouterStateError: if there is no such file, or as of `unpack`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RouterStateError(f"cannot read {path}: {error.strerror or error}") from error
    return unpack(content, str(path))


def _digest(members: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(members):
        digest.update(f"{name}\0{len(members[name])}\0".encode())
        digest.update(members[name])
    return digest.hexdigest()


def _members(content: bytes, source: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise zipfile.BadZipFile("it is compressed")
            return {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise RouterStateError(
            f"{source}: {len(content)} bytes that are no whole router state ({error}); expected a "
            "file that `evalcore route fit` or a server wrote, not cut short"
        ) from error


def _array(data: bytes, place: str) -> NDArray[np.generic]:
    try:
        array: NDArray[np.generic] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        raise RouterStateError(f"{place}: expected an array of numbers: {error}") from error
    return array


def _header(members: Mapping[str, bytes], source: str) -> dict[str, Any]:
    try:
        header = json.loads(members[_META])
        form, version = header["format"], header["version"]
    except (KeyError, TypeError, ValueError):
        form, version = None, None
    if form != _FORMAT:
        raise RouterStateError(f"{source}: an archive that holds no router state")
    if version != VERSION:
        raise RouterStateError(
            f"{source}: a router state of version {version}, expected version {VERSION}; use the "
            "evalcore-metallm that wrote it, or fit the router again"
        )
    found: dict[str, Any] = header
    return found
