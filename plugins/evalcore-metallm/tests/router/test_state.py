"""The file of a router's state: equal to the bit, whole at all times, refused when it is not."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from evalcore_metallm import state
from evalcore_metallm.state import RouterStateError, pack, read_state, unpack, write_state

META = {"arms": ["a", "b"], "price": 0.1}
ARRAYS = {"policy/weights": np.arange(6.0).reshape(2, 3), "words": np.array([1, 2], np.uint64)}

DTYPES = st.sampled_from([np.float64, np.float32, np.int64, np.uint64, np.bool_])


def with_members(content, **changes):
    """The archive with members changed; those that are None are left out."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()} | changes
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in members.items():
            if data is not None:
                archive.writestr(name, data)
    return packed.getvalue()


@given(
    found=st.dictionaries(
        st.text("abc/_", min_size=1, max_size=5),
        DTYPES.flatmap(lambda dtype: arrays_of.arrays(dtype, arrays_of.array_shapes(min_dims=0))),
        max_size=3,
    ),
    meta=st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False) | st.text()),
)
def test_what_is_packed_is_unpacked_to_the_bit(found, meta):
    content = pack(meta, found)
    meta_again, again = unpack(content, "x")
    assert meta_again == meta
    assert again.keys() == found.keys()
    for name, array in found.items():
        assert again[name].dtype == array.dtype
        assert again[name].shape == array.shape
        assert again[name].tobytes() == array.tobytes()
    assert pack(meta_again, again) == content


def test_nothing_is_ever_pickled():
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        pack({}, {"objects": np.array([object()])})


def test_nothing_is_ever_unpickled(monkeypatch):
    objects = io.BytesIO()
    np.save(objects, np.array([{}]), allow_pickle=True)
    content = with_members(pack(META, ARRAYS), **{"words.npy": objects.getvalue()})
    with pytest.raises(RouterStateError, match="checksum"):
        unpack(content, "x")
    monkeypatch.setattr(state, "_digest", lambda _: "forged")
    forged = with_members(content, sha256=b"forged")
    with pytest.raises(RouterStateError, match=r"x: words.npy: expected an array of numbers"):
        unpack(forged, "x")


def test_an_archive_that_is_compressed_is_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("meta.json", b" " * 10_000_000)
    with pytest.raises(RouterStateError, match="it is compressed"):
        unpack(packed.getvalue(), "x")


@given(st.data())
def test_a_state_that_is_cut_short_is_refused(data):
    content = pack(META, ARRAYS)
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(RouterStateError, match="no whole router state"):
        unpack(content[:cut], "x")


def test_a_state_of_which_a_bit_has_flipped_is_refused_or_the_same():
    content = pack(META, ARRAYS)
    for flipped in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[flipped // 8] ^= 1 << flipped % 8
        try:
            meta, found = unpack(bytes(damaged), "x")
        except RouterStateError:
            continue
        assert meta == META
        assert all(np.array_equal(found[name], array) for name, array in ARRAYS.items())


def test_a_changed_array_is_told():
    changed = io.BytesIO()
    np.save(changed, np.zeros((2, 3)))
    content = with_members(pack(META, ARRAYS), **{"policy/weights.npy": changed.getvalue()})
    with pytest.raises(RouterStateError, match="x: its content does not fit its checksum"):
        unpack(content, "x")


def test_a_state_of_another_version_is_told(monkeypatch):
    content = pack(META, ARRAYS)
    monkeypatch.setattr(state, "VERSION", 2)
    with pytest.raises(RouterStateError, match="of version 1, expected version 2"):
        unpack(content, "x")


@pytest.mark.parametrize(
    "header", [b"{}", b"[]", b"no", json.dumps({"format": "x"}).encode(), None]
)
def test_another_archive_is_told(header):
    content = with_members(pack(META, ARRAYS), **{"meta.json": header})
    with pytest.raises(RouterStateError, match="an archive that holds no router state"):
        unpack(content, "x")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(RouterStateError, match=r"cannot read .*: No such file"):
        read_state(tmp_path / "router")


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(RouterStateError, match=r"cannot write .*: No such file"):
        write_state(tmp_path / "none" / "router", META, ARRAYS)


def test_a_failed_write_leaves_the_old_state_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "router"
    write_state(path, META, ARRAYS)
    before = path.read_bytes()

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RouterStateError, match="No space left"):
        write_state(path, META | {"price": 0.2}, ARRAYS)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


WRITER = """
import sys
from pathlib import Path
import numpy as np
from evalcore_metallm.state import write_state
number = 0
while True:
    number += 1
    write_state(Path(sys.argv[1]), {"number": number}, {"all": np.full(300_000, number)})
    if number == 1:
        print("ready", flush=True)
"""


def test_a_writer_that_is_killed_leaves_a_whole_state(tmp_path):
    path = tmp_path / "router"
    for wait in (0.0, 0.003, 0.01):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, env=os.environ
        ) as writer:
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(wait)
            writer.send_signal(signal.SIGKILL)
        meta, found = read_state(path)
        np.testing.assert_array_equal(found["all"], meta["number"])
    assert Path(path).stat().st_size > 300_000 * 8
