"""The settings of one installation: read once from PETITIONS_* variables, frozen, passed in."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from petitions.environment import Reader, parse_count, parse_folder, parse_log_level, parse_name, parse_token
from petitions.errors import SettingsError
from petitions.kept_keys import EarlierKey, kept_key, parse_earlier_keys, parse_key

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PERIODS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Rate:
    """`count` events in each `period`."""

    count: int
    period: timedelta


@dataclass(frozen=True)
class SmtpServer:
    """Where mail is handed over. `security` is "tls" (from the first byte), "starttls" or "none"."""

    host: str
    port: int
    security: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Settings:
    """Every setting; see docs/operating.md for what each means."""

    base_url: str
    data_dir: Path
    database_url: str = field(repr=False)
    secret_keys: tuple[str, ...] = field(repr=False)  # the first signs, all are accepted
    email_key: str = field(repr=False)
    signing_key: str = field(default="", repr=False)  # packs are signed under it; see delivery/site_keys.py
    earlier_keys: tuple[EarlierKey, ...] = ()  # that signed packs before
    site_name: str = "Solidarity Statements"
    smtp: SmtpServer | None = None
    mail_from: str = "post@localhost"
    mailbox_dir: Path | None = None  # catch mail in this folder rather than send it
    fonts_dir: Path | None = None  # fonts for PDF, before those of the system
    trusted_proxies: tuple[Network, ...] = ()
    sign_rate: Rate | None = Rate(60, timedelta(hours=1))
    domain_credit: int | None = 5
    confirm_rate: Rate | None = Rate(20_000, timedelta(hours=1))
    metrics_token: str | None = field(default=None, repr=False)
    intake_queue: int = 2_000
    log_level: str = "info"

    exports_dir: Path | None = None  # None: a folder in data_dir; see delivery/keeping.py

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


#: Every variable, for the documentation test; secrets can be given as NAME_FILE too.
VARIABLES = (
    "BASE_URL",
    "CONFIRM_RATE",
    "DATA_DIR",
    "DATABASE_URL",
    "DOMAIN_CREDIT",
    "EARLIER_SIGNING_KEYS",
    "EMAIL_KEY",
    "EXPORTS_DIR",
    "FONTS_DIR",
    "INTAKE_QUEUE",
    "LOG_LEVEL",
    "MAIL_FROM",
    "MAILBOX_DIR",
    "METRICS_TOKEN",
    "OLD_SECRET_KEYS",
    "SECRET_KEY",
    "SIGN_RATE",
    "SIGNING_KEY",
    "SITE_NAME",
    "SMTP_URL",
    "TRUSTED_PROXIES",
)
SECRETS = (
    "DATABASE_URL",
    "EMAIL_KEY",
    "METRICS_TOKEN",
    "OLD_SECRET_KEYS",
    "SECRET_KEY",
    "SIGNING_KEY",
    "SMTP_URL",
)
#: Keys that are made where none are given, and their files in DATA_DIR.
_KEPT_KEYS = {"SECRET_KEY": "secret.key", "EMAIL_KEY": "email.key", "SIGNING_KEY": "signing.key"}


def parse_rate(text: str) -> Rate | None:
    """`60/hour`, `5/minute`, `1000/day`, or `off` for None. Raises ValueError."""
    if text == "off":
        return None
    match = re.fullmatch(r"([1-9]\d{0,8})/(minute|hour|day)", text)
    if not match:
        raise ValueError("expected a rate like 60/hour, or off")
    return Rate(int(match[1]), _PERIODS[match[2]])


def parse_credit(text: str) -> int | None:
    """A number from 1 to 10000, or `off` for None. Raises ValueError."""
    if text == "off":
        return None
    if not re.fullmatch(r"[1-9]\d{0,4}", text) or int(text) > 10_000:
        raise ValueError("expected a number from 1 to 10000, or off")
    return int(text)


def parse_base_url(text: str) -> str:
    """An http(s) origin as browsers write it: without a path, and without the port that its scheme implies.
    Raises ValueError."""
    parts = urlsplit(text)
    place = re.fullmatch(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d+)?", parts.netloc.lower(), re.ASCII)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or not place
    ):
        raise ValueError(
            "expected an address like https://petitions.example.org, without a path (a name with other letters "
            "as xn--…)"
        )
    port = parts.port  # raises ValueError when it is too large
    implied = port is None or port == _PORTS[parts.scheme]
    return f"{parts.scheme}://{place[1]}" if implied else f"{parts.scheme}://{place[1]}:{port}"


def parse_database_url(text: str) -> str:
    """A SQLAlchemy URL; plain `postgresql://` gets the driver that is installed. Raises ValueError."""
    if text.startswith("postgres://"):
        text = "postgresql://" + text.removeprefix("postgres://")
    if text.startswith("postgresql://"):
        text = "postgresql+psycopg://" + text.removeprefix("postgresql://")
    expected = "expected postgresql://user:password@host/name or sqlite:////folder/file.db"
    if text.startswith("postgresql+psycopg://"):
        try:
            make_url(text)
        except (ArgumentError, ValueError):  # its message may repeat the password
            raise ValueError(expected) from None
    elif not re.fullmatch(r"sqlite:///[^?#]*[^?#/:]", text):  # a file: a store in memory would be lost
        raise ValueError(expected)
    return text


def parse_smtp_url(text: str) -> SmtpServer:
    """`smtp://user:password@host:587` (STARTTLS), `smtps://…:465`, `smtp://…:25?security=none`.
    Raises ValueError."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # its message may repeat the password
        parts, port = urlsplit(""), None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("expected smtp://user:password@host:587 or smtps://host, the password percent-encoded")
    default = "tls" if parts.scheme == "smtps" else "starttls"
    security = parse_qs(parts.query).get("security", [default])[0]
    if security not in ("tls", "starttls", "none"):
        raise ValueError("expected security=tls, starttls or none")
    return SmtpServer(
        host=parts.hostname,
        port=port or (465 if security == "tls" else 587),
        security=security,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def parse_networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks, separated by commas. Raises ValueError."""
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def parse_mail_from(text: str) -> str:
    """A mail address without a name. Raises ValueError."""
    name, address = parseaddr(text)
    if name or "@" not in address or address != text.strip() or not address.isascii():
        raise ValueError("expected a mail address without a name, like post@example.org")
    return address


def _parse_keys(text: str) -> tuple[str, ...]:
    return tuple(parse_key(part) for part in text.split())


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings. With SQLite, makes the keys that are not given; makes DATA_DIR when something goes
    there. Raises SettingsError that names everything wrong at once."""
    reader = Reader(environ, VARIABLES, SECRETS)
    data_dir = Path(environ.get("PETITIONS_DATA_DIR") or "petitions-data").absolute()
    mailbox, exports = environ.get("PETITIONS_MAILBOX_DIR"), environ.get("PETITIONS_EXPORTS_DIR")
    keys = {name: reader.read(name, parse_key, "") for name in _KEPT_KEYS}
    base_url = reader.read("BASE_URL", parse_base_url, "http://127.0.0.1:8000")
    own_store = f"sqlite:///{data_dir}/petitions.db"
    database_url = reader.read("DATABASE_URL", parse_database_url, own_store)
    settings: dict[str, Any] = {
        "base_url": base_url,
        "data_dir": data_dir,
        "database_url": database_url,
        "earlier_keys": reader.read("EARLIER_SIGNING_KEYS", parse_earlier_keys, ()),
        "site_name": reader.read("SITE_NAME", parse_name, "Solidarity Statements"),
        "smtp": reader.read("SMTP_URL", parse_smtp_url, None),
        # A neutral name: that somebody signs petitions is nobody's business who sees a list of mails.
        "mail_from": reader.read("MAIL_FROM", parse_mail_from, f"post@{urlsplit(base_url).hostname}"),
        "mailbox_dir": Path(mailbox).absolute() if mailbox else None,
        "exports_dir": Path(exports).absolute() if exports else None,
        "fonts_dir": reader.read("FONTS_DIR", parse_folder, None),
        "trusted_proxies": reader.read("TRUSTED_PROXIES", parse_networks, ()),
        "sign_rate": reader.read("SIGN_RATE", parse_rate, Rate(60, timedelta(hours=1))),
        "domain_credit": reader.read("DOMAIN_CREDIT", parse_credit, 5),
        "confirm_rate": reader.read("CONFIRM_RATE", parse_rate, Rate(20_000, timedelta(hours=1))),
        "metrics_token": reader.read("METRICS_TOKEN", parse_token, None),
        "intake_queue": reader.read("INTAKE_QUEUE", parse_count, 2_000),
        "log_level": reader.read("LOG_LEVEL", parse_log_level, "info"),
    }
    old_keys = reader.read("OLD_SECRET_KEYS", _parse_keys, ())
    if mailbox:
        reader.problems += _problems_of_a_mailbox(base_url, sends=reader.is_given("SMTP_URL"))
    missing = [name for name, key in keys.items() if not key]
    if not database_url.startswith("sqlite"):
        reader.problems += [
            f"PETITIONS_{name}: must be given with PostgreSQL, the same on every host; "
            "`openssl rand -hex 32` makes a good one"
            for name in missing
            if not reader.is_given(name)
        ]
    elif missing or database_url == own_store:
        try:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            for name in missing:
                keys[name] = kept_key(data_dir / _KEPT_KEYS[name], reader.problems)
        except (OSError, ValueError) as error:
            reader.problems.append(f"PETITIONS_DATA_DIR: cannot be used ({type(error).__name__})")
    if reader.problems:
        raise SettingsError(reader.problems)
    settings |= {"email_key": keys["EMAIL_KEY"], "signing_key": keys["SIGNING_KEY"]}
    return Settings(secret_keys=(keys["SECRET_KEY"], *old_keys), **settings)


def _problems_of_a_mailbox(base_url: str, *, sends: bool) -> list[str]:
    problems = []
    if sends:
        problems.append("PETITIONS_MAILBOX_DIR: set it or PETITIONS_SMTP_URL, not both")
    if not _is_loopback(urlsplit(base_url).hostname or ""):
        problems.append(
            "PETITIONS_MAILBOX_DIR: it shows every mail to everybody, so PETITIONS_BASE_URL must be of this "
            "machine alone, like http://127.0.0.1:8000"
        )
    return problems


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761, 6.3
