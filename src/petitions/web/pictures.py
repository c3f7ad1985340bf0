"""Reading the pictures that visitors send: beside the pages, and not in their way."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from petitions.abuse.networks import hash_network
from petitions.errors import IntakeFull
from petitions.i18n import N_
from petitions.organisations.logos import InvalidLogo, Logo, read_logo
from petitions.web.bodies import Upload

#: So many are decoded at once. The threads are their own: those that ask the store are not kept from it.
AT_ONCE = 2
#: So many may wait, each with its file in memory; a picture takes some hundredths of a second.
MOST_WAITING = 40
#: Of them so many of one network, so that nobody fills the line for the others.
MOST_OF_A_NETWORK = 3
#: Of one network in an hour: whoever tries logos for many forms.
MOST_IN_AN_HOUR = 30
_HOUR = 3600.0
#: Networks that are remembered; past them the hour begins anew for all.
_MOST_NETWORKS = 20_000
_SECONDS_TO_WAIT = 5

_TOO_MANY = N_(
    "Many pictures came from your network within the hour, and we look at no more of them now. Please send this "
    "without a logo and add one later, or try again in an hour."
)


class Decoders:
    """The threads that decode, and how many pictures are with them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="logo")
        self._inside = 0
        self._inside_from: Counter[str] = Counter()
        self._hourly = _Hourly()

    async def decode(self, upload: Upload) -> Logo:
        """The logo in what was sent. Raises InvalidLogo, also where a network has sent enough; or IntakeFull where
        too many wait."""
        network = upload.network
        crowded = network is not None and self._inside_from[network] >= MOST_OF_A_NETWORK
        if crowded or self._inside >= AT_ONCE + MOST_WAITING:
            raise IntakeFull(_SECONDS_TO_WAIT)
        if network is not None and not self._hourly.takes(network, self._clock()):
            raise InvalidLogo(_TOO_MANY)
        self._enter(network, 1)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(
                self._threads, read_logo, upload.data, upload.filename, upload.content_type
            )
        finally:
            self._enter(network, -1)

    def forget_networks(self) -> None:
        """Forget where the pictures of an hour came from, when it is over."""
        self._hourly.forget(self._clock())

    def _enter(self, network: str | None, one: int) -> None:
        self._inside += one
        if network is not None:
            self._inside_from[network] += one
            if not self._inside_from[network]:
                del self._inside_from[network]


class _Hourly:
    """How many came from each network since the hour began, under a key that nobody has afterwards."""

    def __init__(self) -> None:
        self._begin(0.0)

    def _begin(self, until: float) -> None:
        self._until, self._key = until, secrets.token_bytes(32)
        self._counts: Counter[bytes] = Counter()

    def forget(self, now: float) -> None:
        """When the hour is over."""
        if self._counts and now >= self._until:
            self._begin(0.0)

    def takes(self, network: str, now: float) -> bool:
        """Whether one more may come, which is counted."""
        self.forget(now)
        if not self._counts or len(self._counts) >= _MOST_NETWORKS:
            self._begin(now + _HOUR)
        key = hash_network(network, self._key)
        if self._counts[key] >= MOST_IN_AN_HOUR:
            return False
        self._counts[key] += 1
        return True


_decoders = Decoders()


def forget_networks() -> None:
    """Let this process forget by the clock, also when no pictures come any more."""
    _decoders.forget_networks()


async def logo_of(upload: Upload) -> Logo:
    """The logo in what was sent, for whichever page asks. Raises InvalidLogo, IntakeFull."""
    return await _decoders.decode(upload)
