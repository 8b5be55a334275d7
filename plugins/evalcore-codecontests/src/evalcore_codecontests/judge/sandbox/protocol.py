"""Messages between the judge and its sandboxes: one JSON object a packet, with file descriptors."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKET_BYTES = 128 * 1024
PACKET_FDS = 16


def send(channel: socket.socket, message: dict[str, Any], fds: Sequence[int] = ()) -> None:
    """Send one message; the descriptors stay open here.

    Raises:
        OSError: the other side is gone.
    """
    socket.send_fds(channel, [json.dumps(message).encode()], fds)


def receive(channel: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Receive one message and its descriptors; `None` when the other side has closed.

    Raises:
        OSError: the other side is gone, or the channel's timeout is over (`TimeoutError`).
    """
    flags = socket.MSG_CMSG_CLOEXEC
    data, fds, _, _ = socket.recv_fds(channel, PACKET_BYTES, PACKET_FDS, flags)
    return (json.loads(data) if data else None), fds
