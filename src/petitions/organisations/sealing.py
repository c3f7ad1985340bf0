"""A logo travels in a hidden field from one page of a form to the next: sealed, so that it is ours when it comes
back."""

import struct

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from petitions.organisations.pictures import Logo

_SALT = "petitions.logo"
_SIZE = struct.Struct(">HH")


def seal_logo(logo: Logo, secret_keys: tuple[str, ...]) -> str:
    """The logo as a text for a form; `secret_keys` as in the settings: the first signs, all are accepted."""
    payload = base64_encode(_SIZE.pack(logo.width, logo.height) + logo.image)
    return Signer([*reversed(secret_keys)], salt=_SALT).sign(payload).decode("ascii")


def unseal_logo(text: str, secret_keys: tuple[str, ...]) -> Logo | None:
    """What was sealed; None for anything else."""
    try:
        payload = base64_decode(Signer([*reversed(secret_keys)], salt=_SALT).unsign(text))
        width, height = _SIZE.unpack(payload[: _SIZE.size])
    except (BadData, struct.error, ValueError):
        return None
    return Logo(payload[_SIZE.size :], width, height)
