"""The thread that owns a model, and the queue through which everything reaches it."""

from __future__ import annotations

import gc
import queue
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch

from evalcore.errors import EvalcoreError
from evalcore_transformers.engine import Engine
from evalcore_transformers.promises import fail, keep

if TYPE_CHECKING:
    from evalcore.data import Continuation, Request
    from evalcore_transformers.settings import TransformersSettings

__all__ = ["Worker"]


class Worker:
    """A thread in which a model is opened, asked, and given up.

    Args:
        settings: of the model.

    Attributes:
        opened: what the model is, as soon as it is open, or why it cannot be.
    """

    def __init__(self, settings: TransformersSettings) -> None:
        self.opened: Future[str] = Future()
        self._settings = settings
        self._inbox: queue.SimpleQueue[tuple[Any, Future[Any]] | None] = queue.SimpleQueue()
        self._pending: set[Future[Any]] = set()
        self._ended: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="evalcore-transformers", daemon=True)
        self._thread.start()

    def ask(self, request: Request | Continuation) -> Future[Any]:
        """Put a request into the queue; cancel its future to take it back."""
        future: Future[Any] = Future()
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        self._inbox.put((request, future))
        if self._ended:
            fail([future], self._ended)
        return future

    def close(self) -> None:
        """End the thread after what it is doing now, fail what waits, and free the model."""
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        if self._settings.threads:
            torch.set_num_threads(self._settings.threads)
        try:
            engine = Engine(self._settings)
        except BaseException as error:
            fail([self.opened], error)
            return
        keep(self.opened, engine.identity)
        try:
            with torch.inference_mode():
                while self._take_all(engine):
                    if engine.busy:
                        engine.work()
            self._ended = EvalcoreError("the model was closed before it had answered")
        except BaseException as error:
            self._ended = error
        fail(list(self._pending), self._ended)
        del engine
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _take_all(self, engine: Engine) -> bool:
        """Hand over what waits, or wait for something if nothing is being done; false ends it."""
        with suppress(queue.Empty):
            while True:
                asked = self._inbox.get(block=not engine.busy)
                if asked is None:
                    return False
                engine.take(*asked)
        return True
