"""Watches orders in a separate thread: one that is past its time is failed even if its line hangs."""

import threading
import time
from collections.abc import Callable

from drivers.orders import Order

GRACE_S = 5.0
"""So long after its deadline an order is left to its line: a line ends its questions itself and says more about them."""


class OrderWatch:
    """Knows every order that has no end yet. Its methods may be called from any thread."""

    def __init__(self, give_up: Callable[[Order], None]) -> None:
        self._give_up = give_up
        self._due_s: dict[Order, float] = {}
        self._changed = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._watch, name="orders", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, order: Order) -> None:
        with self._changed:
            self._due_s[order] = time.monotonic() + order.deadline.left_s + GRACE_S
            self._changed.notify()

    def open_orders(self) -> list[Order]:
        """Orders that nobody has ended yet."""
        with self._changed:
            self._due_s = {order: due_s for order, due_s in self._due_s.items() if not order.has_ended}
            return list(self._due_s)

    def close(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def _watch(self) -> None:
        while (due := self._next_due()) is not None:
            for order in due:
                self._give_up(order)

    def _next_due(self) -> list[Order] | None:
        """Wait for orders that are past their time; None when the watch is over."""
        with self._changed:
            while not self._over:
                now_s = time.monotonic()
                self._due_s = {order: due_s for order, due_s in self._due_s.items() if not order.has_ended}
                due = [order for order, due_s in self._due_s.items() if due_s <= now_s]
                if due:
                    for order in due:
                        del self._due_s[order]
                    return due
                self._changed.wait(min(self._due_s.values(), default=now_s + 3600.0) - now_s)
        return None
