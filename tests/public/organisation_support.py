"""What the tests of asking to co-sign share: a form that is right, pictures, and links."""

import io
from functools import cache
from typing import Any
from uuid import UUID

import httpx
from PIL import Image

from petitions.organisations.confirming import CONFIRM_PURPOSE, CONTACT_PURPOSE, OWN_PURPOSE
from petitions.organisations.requesting import Request
from petitions.settings import Settings
from petitions.tokens import Tokens

CAMPAIGN = "/c/free-boris/organisations"
ASK = f"{CAMPAIGN}?lang=en"
#: Terms of a campaign that both can sign.
BOTH: dict[str, Any] = {"signers": ["individuals", "organisations"]}
SENT = f"{CAMPAIGN}/sent?lang=en"
#: What the contact says, which nobody but the campaign may see.
CONTACT = {
    "contact_name": "Clara Contact",
    "contact_role": "Secretary",
    "email": "office@union.example.org",
    "phone": "+353 21 000",
}
ENTRY = {
    "name": "Union of Examples",
    "kind": "union",
    "country": "IE",
    "city": "Cork",
    "website": "union.example.org",
    "members": "48,000",
    "comment": "With you.\r\nAlways.",
}


def form(step: str = "preview", **changes: str) -> dict[str, str]:
    """The fields of a form that is right."""
    return {"step": step, **ENTRY, **CONTACT, "authorised": "y"} | changes


@cache
def picture(colour: str = "red", kind: str = "PNG") -> bytes:
    """A small one."""
    file = io.BytesIO()
    Image.new("RGB", (64, 32), colour).save(file, kind)
    return file.getvalue()


def sending(content: bytes, name: str = "logo.png", media_type: str = "image/png") -> dict[str, Any]:
    """A file in the form, for the client."""
    return {"files": {"logo": (name, content, media_type)}}


async def post(client: httpx.AsyncClient, path: str, fields: dict[str, str], **more: Any) -> httpx.Response:
    """Send a form as the browser does: with a field for the file, where none is chosen."""
    if "files" not in more:
        more = sending(b"", "", "application/octet-stream")
    return await client.post(path, data=fields, **more)


@cache
def _token(secret_keys: tuple[str, ...], purpose: str, campaign_id: int, row_id: UUID, epoch: int) -> str:
    """The same for the same row: a token holds the second in which it was made."""
    return Tokens(secret_keys).make(purpose, campaign_id, row_id, epoch)


def token(settings: Settings, purpose: str, asked: Request, epoch: int = 0) -> str:
    return _token(settings.secret_keys, purpose, asked.campaign_id, asked.id, epoch)


def own(settings: Settings, asked: Request, below: str = "", epoch: int = 0) -> str:
    """The address of an organisation's own page, or below it."""
    return f"/organisation/{token(settings, OWN_PURPOSE, asked, epoch)}{below}"


def confirmation(settings: Settings, asked: Request) -> str:
    """The address behind the button of the first mail."""
    return f"/organisation/confirm/{token(settings, CONFIRM_PURPOSE, asked)}"


def take_over(settings: Settings, asked: Request, key: int) -> str:
    """The address behind the button of the mail to a new contact."""
    return f"/organisation/contact/{token(settings, CONTACT_PURPOSE, asked, key)}"
