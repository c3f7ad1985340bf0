"""The key by which a site signs, and openssl, which must say the same."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from petitions.delivery.site_keys import grouped, parse_public_key, signing_key
from petitions.errors import SettingsError
from petitions.settings import Settings

SETTINGS = Settings("https://example.org", Path("/nowhere"), "", ("s" * 32,), "e" * 32, "k" * 32)


def test_the_same_key_for_ever() -> None:
    """Another one would make every pack that was handed over a forgery."""
    key = signing_key(SETTINGS)
    assert key.public.fingerprint == "1e1ef9032d976509fc14cc057deaf904a4ecc35bdf788f9a287720340a1588f1"
    assert key.sign(b"x") == signing_key(SETTINGS).sign(b"x")
    assert signing_key(replace(SETTINGS, signing_key="l" * 32)).public != key.public
    assert "k" * 32 not in repr(SETTINGS) + repr(key)


def test_without_a_key_nothing_is_signed() -> None:
    with pytest.raises(SettingsError, match="PETITIONS_SIGNING_KEY"):
        signing_key(replace(SETTINGS, signing_key=""))


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_signature_is_of_these_bytes_alone(data: bytes, other: bytes) -> None:
    key = signing_key(SETTINGS)
    assert key.public.has_signed(data, key.sign(data))
    assert key.public.has_signed(other, key.sign(data)) == (data == other)
    assert not key.public.has_signed(data, other)


def test_openssl_says_the_same(tmp_path: Path) -> None:
    key = signing_key(SETTINGS)
    for name, content in (("key.pem", key.public.pem), ("m", b"manifest"), ("m.sig", key.sign(b"manifest"))):
        (tmp_path / name).write_bytes(content)
    verify = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.pem",
        "-rawin",
        "-in",
        "m",
        "-sigfile",
        "m.sig",
    ]
    assert subprocess.run(verify, cwd=tmp_path, check=False).returncode == 0
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", "key.pem", "-outform", "DER"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    ).stdout
    digest = subprocess.run(["sha256sum"], input=der, capture_output=True, check=True).stdout
    assert digest.split()[0].decode() == key.public.fingerprint
    (tmp_path / "m").write_bytes(b"Manifest")
    assert subprocess.run(verify, cwd=tmp_path, check=False, capture_output=True).returncode != 0


def test_a_key_is_read_from_its_file() -> None:
    key = signing_key(SETTINGS).public
    assert parse_public_key(key.pem) == key
    other = generate_private_key(SECP256R1()).public_key()
    for content in (b"", b"x", other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)):
        with pytest.raises(ValueError, match=r"\w"):
            parse_public_key(content)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_key_or_are_not(content: bytes) -> None:
    for data in (content, b"-----BEGIN PUBLIC KEY-----\n" + content + b"\n-----END PUBLIC KEY-----\n"):
        try:
            parse_public_key(data)
        except ValueError:
            continue


def test_a_fingerprint_in_groups() -> None:
    assert grouped("0123456789abcdef") == "0123 4567 89ab cdef"
