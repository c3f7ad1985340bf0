"""Reading the pictures that visitors send: beside the pages, and not in their way."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from petitions.errors import IntakeFull
from petitions.organisations.logos import Logo, read_logo
from petitions.web.bodies import Upload

#: So many are decoded at once. The threads are their own: those that ask the store are not kept from it.
AT_ONCE = 2
#: So many may wait, each with its file in memory; a picture takes some hundredths of a second.
MOST_WAITING = 40
_SECONDS_TO_WAIT = 5


class Decoders:
    """The threads that decode, and how many pictures are with them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="logo")
        self._inside = 0

    async def decode(self, upload: Upload) -> Logo:
        """The logo in what was sent. Raises InvalidLogo, or IntakeFull where too many wait."""
        if self._inside >= AT_ONCE + MOST_WAITING:
            raise IntakeFull(_SECONDS_TO_WAIT)
        self._inside += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(
                self._threads, read_logo, upload.data, upload.filename, upload.content_type
            )
        finally:
            self._inside -= 1


_decoders = Decoders()


async def logo_of(upload: Upload) -> Logo:
    """The logo in what was sent, for whichever page asks. Raises InvalidLogo, IntakeFull."""
    return await _decoders.decode(upload)
