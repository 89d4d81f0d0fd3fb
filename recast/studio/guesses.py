"""Wrong tokens, counted by the address they come from: who guesses has to wait, ever longer."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE = 5
"""Wrong tokens that cost no waiting: people mistype."""
FIRST_WAIT = 30.0
"""Seconds; doubled with each wrong token more."""
LONGEST_WAIT = 3600.0
FORGOTTEN = 24 * 3600.0
"""Seconds after its last wrong token when an address is as good as new."""
MOST_ADDRESSES = 1024
"""Of which wrong tokens are counted; those that guessed longest ago are forgotten first."""


@dataclass
class _Count:
    wrong: int
    last: float


class Guesses:
    """How long each address has to wait before its next token is looked at."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds from now; 0 if a token may come."""
        known = self._counts.get(_network(address))
        if known is None or known.wrong < FREE:
            return 0.0
        # Not 2 to any power: the count may grow for as long as the studio runs.
        wait = min(FIRST_WAIT * 2.0 ** min(known.wrong - FREE, 16), LONGEST_WAIT)
        return max(0.0, known.last + wait - self._clock())

    def wrong(self, address: str) -> None:
        """Count a wrong token."""
        network, now = _network(address), self._clock()
        known = self._counts.pop(network, None)
        before = known.wrong if known is not None and now - known.last < FORGOTTEN else 0
        self._counts[network] = _Count(before + 1, now)
        while len(self._counts) > MOST_ADDRESSES:
            self._counts.popitem(last=False)

    @property
    def remembered(self) -> int:
        """How many addresses wrong tokens are counted of."""
        return len(self._counts)

    def right(self, address: str) -> None:
        """Forget the wrong tokens of an address that knows the right one."""
        self._counts.pop(_network(address), None)


def _network(address: str) -> str:
    """What one guesser has: an IPv4 address, or a /64 of IPv6, which holds any number of them."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False))
