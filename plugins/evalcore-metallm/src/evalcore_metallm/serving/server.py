"""The process that serves: opens what the endpoint needs, listens, and stops when it is told."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import signal
import socket
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

import uvicorn

from evalcore.errors import EvalcoreError
from evalcore_metallm.policies.cascade import Cascade
from evalcore_metallm.router import Router
from evalcore_metallm.serving.app import Endpoint
from evalcore_metallm.serving.breaker import Breaker
from evalcore_metallm.serving.database import reading
from evalcore_metallm.serving.journal import Journal
from evalcore_metallm.serving.live import LiveRouter
from evalcore_metallm.serving.upstream import Upstream, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from pathlib import Path

    import aiohttp

    from evalcore.prices import Price
    from evalcore_metallm.logs.routing import Arm
    from evalcore_metallm.serving.settings import ServeSettings

__all__ = ["opened", "serve"]

_log = logging.getLogger(__name__)


def serve(file: Path, settings: ServeSettings, listening: Callable[[str], None]) -> None:
    """Serve the router in a file until the process is told to stop, by SIGTERM or SIGINT.

    Args:
        file: what `Router.save` wrote; it is not changed.
        settings: of the server.
        listening: called with the base URL, once clients may come.

    Raises:
        EvalcoreError: if the router, the settings and the state do not fit each other, or the
            address is taken.
    """
    with _told_to_stop() as stop:
        asyncio.run(_serve(file, settings, listening, stop))


@asynccontextmanager
async def opened(file: Path, settings: ServeSettings) -> AsyncIterator[Endpoint]:
    """The endpoint, while all that it needs is open; arguments and errors as of `serve`."""
    router, digest = _loaded(file)
    prices = _prices(router.arms, settings)
    async with AsyncExitStack() as stack:
        journal = Journal(settings.state, digest, settings.synchronous)
        stack.push_async_callback(journal.close)
        with reading(settings.state):
            live = LiveRouter(router, journal, settings)
        stack.push_async_callback(live.close)
        session = await stack.enter_async_context(connect(settings))
        yield Endpoint(live, journal, _upstreams(prices, settings, session), settings)


async def _serve(
    file: Path, settings: ServeSettings, listening: Callable[[str], None], stop: _Stop
) -> None:
    with _bound(settings.host, settings.port) as listener:  # first: if it fails nothing was made
        async with opened(file, settings) as endpoint:
            config = uvicorn.Config(
                endpoint.app(),
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=settings.limits.stop_seconds,
            )
            if settings.key is None and not ip_address(listener.getsockname()[0]).is_loopback:
                _log.warning("no `key` is set: whoever can reach this address can spend")
            server = uvicorn.Server(config)
            stop.reaches(server)
            listening(_address(listener))
            await server.serve(sockets=[listener])


def _loaded(file: Path) -> tuple[Router, str]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise EvalcoreError(f"cannot read {file}: {error.strerror}") from None
    router = Router.loads(content, str(file))
    if isinstance(router.policy, Cascade):
        raise EvalcoreError(
            f"{file}: a cascade is simulated on logs, and cannot be served; serve another policy"
        )
    return router, hashlib.sha256(content).hexdigest()


def _prices(arms: Sequence[Arm], settings: ServeSettings) -> dict[str, Price]:
    """Of each arm, in the router's order.

    Raises:
        EvalcoreError: if an arm has no upstream or no price, or an upstream no arm.
    """
    names = [arm.name for arm in arms]
    if wrong := set(names) ^ settings.upstreams.keys():
        raise EvalcoreError(
            f"upstreams: {min(wrong)!r} is in the {'router' if min(wrong) in names else 'settings'}"
            f" alone; expected one for each arm: {', '.join(names)}"
        )
    found: dict[str, Price] = {}
    for arm in arms:
        price = settings.upstreams[arm.name].price or arm.price
        if price is None:
            raise EvalcoreError(
                f"upstreams.{arm.name}: the router knows no price of its tokens; give "
                "`price: {prompt: ..., completion: ...}`, in dollars for a million"
            )
        found[arm.name] = price
    return found


def _upstreams(
    prices: dict[str, Price], settings: ServeSettings, session: aiohttp.ClientSession
) -> list[Upstream]:
    return [
        Upstream(name, settings.upstreams[name], price, Breaker(settings.breaker), session)
        for name, price in prices.items()
    ]


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise EvalcoreError(f"cannot listen at {host}, port {port}: {error.strerror}") from None
    with listener:
        # Connections inherit it. Without it an answer's body waits for the client to acknowledge
        # its head, and asyncio sets it only for sockets that name their protocol.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


class _Stop:
    """Hears a signal, and stops the server, also before uvicorn listens for signals itself."""

    def __init__(self) -> None:
        self._heard = False
        self._server: uvicorn.Server | None = None

    def reaches(self, server: uvicorn.Server) -> None:
        """From now on it is this server that is stopped."""
        self._server = server
        if self._heard:
            server.should_exit = True

    def __call__(self, *_: object) -> None:
        self._heard = True
        if self._server is not None:
            self._server.should_exit = True


@contextmanager
def _told_to_stop() -> Iterator[_Stop]:
    """Signals stop the server and nothing else: uvicorn raises them again once it has stopped."""
    stop = _Stop()
    old = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
