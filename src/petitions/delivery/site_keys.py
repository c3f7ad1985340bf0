"""The key by which a site signs what it hands over, and how its public half is written."""

import hashlib
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from petitions.errors import SettingsError
from petitions.settings import Settings

SIGNATURE_SIZE = 64


@dataclass(frozen=True)
class PublicKey:
    """The half that everybody may have."""

    raw: bytes  # 32

    @property
    def pem(self) -> bytes:
        """As openssl reads it."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits, as `openssl pkey -pubin -in key.pem -outform DER | sha256sum` has them."""
        der = self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def has_signed(self, data: bytes, signature: bytes) -> bool:
        """Whether the other half made this signature of exactly these bytes."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True

    @property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True)
class SigningKey:
    """Both halves."""

    _key: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """The half that everybody may have."""
        return PublicKey(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, data: bytes) -> bytes:
        """64 bytes; the same for the same data."""
        return self._key.sign(data)


def signing_key(settings: Settings) -> SigningKey:
    """The key of this site. Raises SettingsError where it has none."""
    if not settings.signing_key:
        raise SettingsError(["PETITIONS_SIGNING_KEY: a pack needs a key to be signed with"])
    derive = HKDF(SHA256(), 32, salt=None, info=b"petitions signing key")
    return SigningKey(Ed25519PrivateKey.from_private_bytes(derive.derive(settings.signing_key.encode())))


def parse_public_key(data: bytes) -> PublicKey:
    """Of a PEM file. Raises ValueError."""
    try:
        key = load_pem_public_key(data)
    except UnsupportedAlgorithm:
        raise ValueError("another kind of key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("another kind of key")
    return PublicKey(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def grouped(fingerprint: str) -> str:
    """A fingerprint as people compare it: sixteen groups of four."""
    return " ".join(re.findall("....", fingerprint))
