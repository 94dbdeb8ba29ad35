"""Items come in order, a few in advance; errors arrive; nobody is left waiting."""

import threading
import time

import pytest

from pipeline.segmentation.overlap import ahead


def test_items_keep_their_order() -> None:
    assert list(ahead(ahead(range(200)))) == list(range(200))


def test_only_a_few_are_made_in_advance() -> None:
    made: list[int] = []
    items = ahead((made.append(number) or number for number in range(1000)), depth=3)
    assert next(items) == 0
    time.sleep(0.3)
    assert len(made) <= 6
    items.close()
    time.sleep(0.3)
    assert len(made) <= 6


def test_an_error_reaches_the_consumer_after_what_was_made() -> None:
    def failing():  # type: ignore[no-untyped-def]
        yield 1
        raise ZeroDivisionError

    items = ahead(failing())
    assert next(items) == 1
    with pytest.raises(ZeroDivisionError):
        next(items)


def test_stopping_early_ends_the_thread_and_cleans_up() -> None:
    closed = threading.Event()

    def endless():  # type: ignore[no-untyped-def]
        try:
            while True:
                yield 0
        finally:
            closed.set()

    items = ahead(ahead(endless()))
    next(items)
    items.close()
    assert closed.wait(2)
