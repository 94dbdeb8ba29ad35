"""Running a function over many items: on local processes, on a Dask cluster, or one after the other.

All three yield ``(index, result)`` as they finish, keep only a few items in flight (an iterable may be long), raise an
item's exception as itself and drop what has not started then.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from pipeline.errors import SkeinError
from pipeline.jobs.settings import Settings

Item = TypeVar("Item")
Result = TypeVar("Result")
CONNECT_S = 20.0
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class WorkerKilled(SkeinError):
    """A worker died without an exception: not the job's fault for sure, so the attempt counts as killed."""


class SerialFanout:
    """Everything in this process, in order."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[int, Result]]:
        for index, item in enumerate(items):
            yield index, function(item)

    def close(self) -> None:
        """Nothing to end."""


class LocalFanout:
    """A pool of `workers` processes on this computer, started at the first use and kept until :meth:`close`.

    They are spawned, never forked (forked processes hang after some libraries have started threads), calculate with
    one thread each, and end when this process ends, however it ends.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[int, Result]]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"), initializer=_begin_worker)
        pool = self._pool
        waiting = iter(enumerate(items))
        running: dict[Future[Result], int] = {}
        try:
            while True:
                with _one_thread_each():  # processes start on submission and inherit the environment of that moment
                    for index, item in islice(waiting, 2 * self.workers - len(running)):
                        running[pool.submit(function, item)] = index
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        except BrokenProcessPool as error:
            self.close()
            raise WorkerKilled("A worker process was killed; most often the computer ran out of memory.") from error
        finally:
            for future in running:
                future.cancel()
            wait(running)  # what runs already may write: nobody goes on before it has ended

    def close(self) -> None:
        """End the processes; a later use starts new ones."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


class DaskFanout:
    """The workers of a Dask cluster; they must see the experiment folder under the same path.

    Parameters
    ----------
    address
        The scheduler's, e.g. ``tcp://node1:8786``.
    gpu
        Number of the workers' resource ``GPU`` that one item occupies.
    """

    def __init__(self, address: str, gpu: int = 0) -> None:
        self.address = address
        self.resources = {"GPU": gpu} if gpu else None
        self._client: Any = None

    def _connected(self) -> Any:
        from distributed import Client

        if self._client is None:
            try:
                self._client = Client(self.address, timeout=CONNECT_S, set_as_default=False)
            except (OSError, TimeoutError) as error:
                raise SkeinError(
                    f"No Dask scheduler answers at {self.address}: start one, or change `cluster` in the settings."
                ) from error
        return self._client

    def close(self) -> None:
        """Leave the cluster; what has not started there is dropped."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[int, Result]]:
        from distributed import as_completed
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker

        client = self._connected()
        waiting = iter(enumerate(items))
        running: dict[Any, int] = {}

        def more(count: int) -> list[Any]:
            futures = []
            for index, item in islice(waiting, count):
                future = client.submit(_on_cluster, function, item, pure=False, resources=self.resources)
                running[future] = index
                futures.append(future)
            return futures

        threads = sum(client.nthreads().values())
        finished = as_completed(more(2 * max(threads, 1)), loop=client.loop)
        try:
            for future in finished:
                result = future.result()
                yield running.pop(future), result
                for new in more(1):
                    finished.add(new)
        except (KilledWorker, CommClosedError, FutureCancelledError) as error:
            raise WorkerKilled(f"The Dask cluster at {self.address} lost its workers or its scheduler.") from error
        finally:
            client.cancel(list(running), force=True)


def make_fanout(settings: Settings, gpu: int = 0) -> SerialFanout | LocalFanout | DaskFanout:
    """The fan-out that the settings ask for; to be closed by whoever made it."""
    if settings.cluster:
        return DaskFanout(settings.cluster, gpu)
    return LocalFanout(settings.workers) if settings.workers > 1 else SerialFanout()


def _on_cluster(function: Callable[[Item], Result], item: Item) -> Result:
    _calculate_with_one_thread()
    return function(item)


def _begin_worker() -> None:
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), name="watch-parent", daemon=True).start()
    _calculate_with_one_thread()


def _end_with(parent: object) -> None:
    parent.join()  # type: ignore[attr-defined]  # returns when the parent is gone, even by SIGKILL
    os._exit(1)


def _calculate_with_one_thread() -> None:
    with contextlib.suppress(ImportError):
        import cv2

        cv2.setNumThreads(1)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
