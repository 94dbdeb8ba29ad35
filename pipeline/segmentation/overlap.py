"""Stages that work at the same time, joined by short queues."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
_DEPTH = 3  # items between two stages: enough to smooth them, too few to fill the memory
_PATIENCE = 0.1  # s between two looks at whether the other side has given up


class _End:
    """Marks the end of the items, and why they ended early."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[Item], depth: int = _DEPTH) -> Iterator[Item]:
    """Yield `items`, which are made in another thread, at most `depth` of them in advance.

    What the thread raises is raised here. When the consumer stops early the thread ends, and the items' own clean-up
    (``finally``, ``with``) runs in it.
    """
    waiting: queue.Queue[Item | _End] = queue.Queue(depth)
    stopped = threading.Event()

    def put(item: Item | _End) -> None:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=_PATIENCE)
            except queue.Full:
                continue
            return

    def produce() -> None:
        source = iter(items)
        error: BaseException | None = None
        try:
            for item in source:
                put(item)
                if stopped.is_set():
                    break
        except BaseException as raised:  # noqa: BLE001 - handed to the consumer, whatever it is
            error = raised
        finally:
            close: Callable[[], None] | None = getattr(source, "close", None)
            if close is not None:
                close()
            put(_End(error))

    thread = threading.Thread(target=produce, name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := waiting.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        thread.join()
