"""Settings: every variable, everything wrong told at once, nothing secret shown."""

import ipaddress
import os
import threading
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from petitions.app import allowed_hosts
from petitions.db import Database
from petitions.delivery.site_keys import grouped
from petitions.environment import parse_count, parse_log_level
from petitions.errors import SettingsError
from petitions.kept_keys import EarlierKey, parse_earlier_keys
from petitions.settings import (
    SECRETS,
    VARIABLES,
    Rate,
    Settings,
    SmtpServer,
    load_settings,
    parse_base_url,
    parse_database_url,
    parse_mail_from,
    parse_networks,
    parse_rate,
    parse_smtp_url,
)

KEY = "k" * 32
HOUR = timedelta(hours=1)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Nothing set but where to write."""
    return {"PETITIONS_DATA_DIR": str(tmp_path / "data"), "PATH": "/usr/bin"}


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def test_without_any_setting_everything_has_its_default(environ: dict[str, str], tmp_path: Path) -> None:
    settings = load_settings(environ)
    data = tmp_path / "data"
    keys = [(data / name).read_text() for name in ("secret.key", "email.key", "signing.key")]
    assert settings == Settings(
        base_url="http://127.0.0.1:8000",
        data_dir=data,
        database_url=f"sqlite:///{data}/petitions.db",
        secret_keys=(keys[0],),
        email_key=keys[1],
        signing_key=keys[2],
        site_name="Solidarity Statements",
        smtp=None,
        mail_from="post@127.0.0.1",
        mailbox_dir=None,
        trusted_proxies=(),
        sign_rate=Rate(60, HOUR),
        domain_credit=5,
        confirm_rate=Rate(20_000, HOUR),
        metrics_token=None,
        intake_queue=2_000,
        log_level="info",
    )
    assert settings.is_sqlite


def test_the_default_folder_is_beside_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings({}).data_dir == tmp_path / "petitions-data"


def test_every_variable(tmp_path: Path) -> None:
    values = {
        "BASE_URL": "https://Petitions.Example.org/",
        "CONFIRM_RATE": "off",
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": "postgres://ana:pw@db/petitions",
        "EARLIER_SIGNING_KEYS": f"{'AB12 ' * 16}@2026-11-30, {'c' * 64}@2027-03-01",
        "EMAIL_KEY": "e" * 32,
        "EXPORTS_DIR": "/srv/exports",
        "FONTS_DIR": str(tmp_path),
        "INTAKE_QUEUE": "500",
        "LOG_LEVEL": "debug",
        "MAIL_FROM": "hello@example.org",
        "METRICS_TOKEN": "m" * 16,
        "OLD_SECRET_KEYS": f"{'a' * 32} {'b' * 32}",
        "SECRET_KEY": "s" * 32,
        "SIGN_RATE": "5/minute",
        "SIGNING_KEY": "k" * 32,
        "DOMAIN_CREDIT": "25",
        "SITE_NAME": " Statements ",
        "SMTP_URL": "smtps://ana:p%40ss@mail.example.org",
        "TRUSTED_PROXIES": "10.0.0.0/8, ::1",
    }
    assert {*values, "MAILBOX_DIR"} == set(VARIABLES)
    assert load_settings({f"PETITIONS_{name}": value for name, value in values.items()}) == Settings(
        base_url="https://petitions.example.org",
        data_dir=tmp_path / "data",
        database_url="postgresql+psycopg://ana:pw@db/petitions",
        secret_keys=("s" * 32, "a" * 32, "b" * 32),
        email_key="e" * 32,
        signing_key="k" * 32,
        earlier_keys=(EarlierKey("c" * 64, date(2027, 3, 1)), EarlierKey("ab12" * 16, date(2026, 11, 30))),
        site_name="Statements",
        smtp=SmtpServer("mail.example.org", 465, "tls", "ana", "p@ss"),
        mail_from="hello@example.org",
        mailbox_dir=None,
        trusted_proxies=(ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1")),
        sign_rate=Rate(5, timedelta(minutes=1)),
        domain_credit=25,
        confirm_rate=None,
        metrics_token="m" * 16,
        intake_queue=500,
        exports_dir=Path("/srv/exports"),
        fonts_dir=tmp_path,
        log_level="debug",
    )


def test_the_data_folder_is_made_only_for_what_goes_there(environ: dict[str, str], tmp_path: Path) -> None:
    elsewhere = {"PETITIONS_DATABASE_URL": f"sqlite:///{tmp_path}/petitions.db"}
    names = ("SECRET_KEY", "EMAIL_KEY", "SIGNING_KEY")
    keys = {f"PETITIONS_{name}": KEY for name in names}
    data = tmp_path / "data"
    load_settings(environ | elsewhere | keys)
    assert not data.exists()
    load_settings(environ | keys)
    assert list(data.iterdir()) == []
    data.chmod(0o750)
    del keys["PETITIONS_EMAIL_KEY"]
    load_settings(environ | elsewhere | keys)
    assert [file.name for file in data.iterdir()] == ["email.key"]
    assert data.stat().st_mode & 0o777 == 0o750  # whoever opened it may have meant it


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((), ["SECRET_KEY", "EMAIL_KEY", "SIGNING_KEY"]),
        (("SECRET_KEY",), ["EMAIL_KEY", "SIGNING_KEY"]),
        (("EMAIL_KEY", "SIGNING_KEY"), ["SECRET_KEY"]),
    ],
)
def test_postgresql_wants_the_keys_that_all_hosts_share(
    environ: dict[str, str], tmp_path: Path, given: tuple[str, ...], missing: list[str]
) -> None:
    environ |= {"PETITIONS_DATABASE_URL": "postgresql://ana:pw@db/petitions"}
    environ |= {f"PETITIONS_{name}": KEY for name in given}
    assert problems(environ) == [
        f"PETITIONS_{name}: must be given with PostgreSQL, the same on every host; "
        "`openssl rand -hex 32` makes a good one"
        for name in missing
    ]
    assert not (tmp_path / "data").exists()


def test_a_wrong_key_is_no_missing_one(environ: dict[str, str], tmp_path: Path) -> None:
    environ |= {
        "PETITIONS_DATABASE_URL": "postgresql://ana:pw@db/petitions",
        "PETITIONS_SECRET_KEY": "short",
        "PETITIONS_EMAIL_KEY_FILE": str(tmp_path / "nowhere"),
        "PETITIONS_SIGNING_KEY": KEY,
    }
    assert [line.partition(":")[0] for line in problems(environ)] == [
        "PETITIONS_SECRET_KEY",
        "PETITIONS_EMAIL_KEY_FILE",
    ]


@pytest.mark.parametrize(
    "base_url", ["", "http://localhost:8000", "http://127.8.8.8", "http://[::1]:8000", "http://demo.localhost"]
)
def test_mail_can_be_caught_on_ones_own_machine(environ: dict[str, str], tmp_path: Path, base_url: str) -> None:
    environ |= {"PETITIONS_MAILBOX_DIR": str(tmp_path / "mailbox"), "PETITIONS_BASE_URL": base_url}
    assert load_settings(environ).mailbox_dir == tmp_path / "mailbox"


@pytest.mark.parametrize("base_url", ["https://example.org", "http://192.0.2.1", "http://localhost.example.org"])
def test_mail_is_not_shown_to_everybody(environ: dict[str, str], tmp_path: Path, base_url: str) -> None:
    environ |= {"PETITIONS_MAILBOX_DIR": str(tmp_path / "mailbox"), "PETITIONS_BASE_URL": base_url}
    (problem,) = problems(environ)
    assert problem == (
        "PETITIONS_MAILBOX_DIR: it shows every mail to everybody, so PETITIONS_BASE_URL must be of this machine "
        "alone, like http://127.0.0.1:8000"
    )


def test_mail_is_caught_or_sent(environ: dict[str, str], tmp_path: Path) -> None:
    environ |= {
        "PETITIONS_MAILBOX_DIR": str(tmp_path / "mailbox"),
        "PETITIONS_SMTP_URL": "smtp://mail.example.org",
    }
    assert problems(environ) == ["PETITIONS_MAILBOX_DIR: set it or PETITIONS_SMTP_URL, not both"]


def test_the_sender_s_name_says_nothing_of_petitions(environ: dict[str, str]) -> None:
    environ |= {"PETITIONS_BASE_URL": "https://example.org:8443"}
    assert load_settings(environ).mail_from == "post@example.org"


SECRET_VALUES = {
    "DATABASE_URL": "sqlite:////srv/planted.db",
    "EMAIL_KEY": "planted" * 5,
    "METRICS_TOKEN": "planted" * 3,
    "OLD_SECRET_KEYS": "planted" * 5,
    "SECRET_KEY": "planted" * 6,
    "SIGNING_KEY": "planted" * 7,
    "SMTP_URL": "smtp://ana:planted@mail.example.org",
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_can_lie_in_a_file(environ: dict[str, str], tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET_VALUES[name] + "\n")
    direct = load_settings({**environ, f"PETITIONS_{name}": SECRET_VALUES[name]})
    assert load_settings({**environ, f"PETITIONS_{name}_FILE": str(file)}) == direct
    assert direct != load_settings(environ)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_in_no_repr(environ: dict[str, str], name: str) -> None:
    settings = load_settings({**environ, f"PETITIONS_{name}": SECRET_VALUES[name]})
    assert "planted" not in repr(settings) + str(settings)


def test_a_secret_s_file_must_be_there_and_say_something(environ: dict[str, str], tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text(" \n")
    binary.write_bytes(b"\xff\xfe")
    environ |= {
        "PETITIONS_SECRET_KEY_FILE": str(tmp_path / "nowhere"),
        "PETITIONS_EMAIL_KEY_FILE": str(empty),
        "PETITIONS_SMTP_URL_FILE": str(binary),
        "PETITIONS_METRICS_TOKEN_FILE": str(binary),
        "PETITIONS_METRICS_TOKEN": "m" * 16,
    }
    assert problems(environ) == [
        "PETITIONS_SECRET_KEY_FILE: cannot be read (FileNotFoundError)",
        "PETITIONS_EMAIL_KEY_FILE: is empty",
        "PETITIONS_SMTP_URL_FILE: cannot be read (UnicodeDecodeError)",
        "PETITIONS_METRICS_TOKEN: set it or PETITIONS_METRICS_TOKEN_FILE, not both",
    ]


def test_everything_wrong_is_told_at_once(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environ |= {
        f"PETITIONS_{name}": "wrong"
        for name in VARIABLES
        if name not in ("DATA_DIR", "MAILBOX_DIR", "SITE_NAME", "SMTP_URL")
    }
    environ |= {
        "PETITIONS_DATA_DIR": str(tmp_path / "file"),
        "PETITIONS_SMTP_URL": "smtp://ana:pw@mail.example.org?security=maybe",
        "PETITIONS_SMPT_URL": "x",
        "PETITIONS_SITE_NAME_FILE": "x",
    }
    assert [line.partition(":")[0] for line in problems(environ)] == [
        "PETITIONS_SITE_NAME_FILE",
        "PETITIONS_SMPT_URL",
        "PETITIONS_SECRET_KEY",
        "PETITIONS_EMAIL_KEY",
        "PETITIONS_SIGNING_KEY",
        "PETITIONS_BASE_URL",
        "PETITIONS_DATABASE_URL",
        "PETITIONS_EARLIER_SIGNING_KEYS",
        "PETITIONS_SMTP_URL",
        "PETITIONS_MAIL_FROM",
        "PETITIONS_FONTS_DIR",
        "PETITIONS_TRUSTED_PROXIES",
        "PETITIONS_SIGN_RATE",
        "PETITIONS_DOMAIN_CREDIT",
        "PETITIONS_CONFIRM_RATE",
        "PETITIONS_METRICS_TOKEN",
        "PETITIONS_INTAKE_QUEUE",
        "PETITIONS_LOG_LEVEL",
        "PETITIONS_OLD_SECRET_KEYS",
        "PETITIONS_DATA_DIR",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "smtp://ana:planted#x@mail.example.org"),
        ("SMTP_URL", "smtp://ana:planted/x@mail.example.org"),
        ("SMTP_URL", "smtp://ana:planted]@mail.example.org"),
        ("SMTP_URL", "http://ana:planted@mail.example.org"),
        ("DATABASE_URL", "postgresql://ana:pw@db:planted/petitions"),
        ("DATABASE_URL", "mysql://ana:planted@db/petitions"),
        ("SECRET_KEY", "planted"),
        ("OLD_SECRET_KEYS", f"planted {KEY}"),
        ("EMAIL_KEY", "planted"),
        ("SIGNING_KEY", "planted"),
        ("METRICS_TOKEN", "planted"),
    ],
)
def test_a_wrong_secret_is_not_repeated(environ: dict[str, str], name: str, value: str) -> None:
    (problem,) = problems({**environ, f"PETITIONS_{name}": value})
    assert problem.startswith(f"PETITIONS_{name}: expected ")
    assert "planted" not in problem


def test_empty_variables_are_like_unset_ones(environ: dict[str, str]) -> None:
    unset = load_settings(environ)
    assert load_settings(environ | {f"PETITIONS_{n}": "" for n in VARIABLES if n != "DATA_DIR"}) == unset


def test_keys_are_made_once_and_for_their_owner_alone(environ: dict[str, str], tmp_path: Path) -> None:
    first, second = load_settings(environ), load_settings(environ)
    assert first == second
    assert len({first.email_key, first.signing_key, *first.secret_keys}) == 3
    data = tmp_path / "data"
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in data.iterdir()} == {
        "email.key": "0o600",
        "secret.key": "0o600",
        "signing.key": "0o600",
    }
    assert data.stat().st_mode & 0o777 == 0o700
    assert len(first.email_key) == 64


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 64])
def test_a_kept_key_that_is_not_whole_is_refused(environ: dict[str, str], tmp_path: Path, content: bytes) -> None:
    load_settings(environ)
    files = [tmp_path / "data" / name for name in ("secret.key", "email.key", "signing.key")]
    for file in files:
        file.write_bytes(content)
    assert problems(environ) == [
        f"PETITIONS_DATA_DIR: {file} holds no whole key; put a copy of it back, or delete it if nobody has signed "
        "yet"
        for file in files
    ]
    assert [file.read_bytes() for file in files] == [content] * 3


def test_a_key_is_on_the_disk_before_it_has_its_name(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, link = os.fsync, os.link

    def sync_noted(file: int) -> None:
        steps.append("folder" if Path(f"/proc/self/fd/{file}").resolve().is_dir() else "file")
        sync(file)

    def link_noted(source: Path, target: Path) -> None:
        steps.append(f"{target.name} of {len(source.read_text())}")
        link(source, target)

    monkeypatch.setattr(os, "fsync", sync_noted)
    monkeypatch.setattr(os, "link", link_noted)
    load_settings(environ)
    kept = ("secret.key", "email.key", "signing.key")
    assert steps == [step for name in kept for step in ("file", f"{name} of 64", "folder")]
    load_settings(environ)
    assert len(steps) == 9


def test_a_key_that_could_not_be_written_leaves_nothing(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert problems(environ) == ["PETITIONS_DATA_DIR: cannot be used (OSError)"]
    assert list((tmp_path / "data").iterdir()) == []
    assert len(load_settings(environ).email_key) == 64


def test_processes_that_start_together_have_the_same_keys(environ: dict[str, str], tmp_path: Path) -> None:
    start = threading.Barrier(8)
    found: list[Settings] = []

    def begin() -> None:
        start.wait(30)
        found.append(load_settings(environ))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [load_settings(environ)] * 8
    assert sorted(file.name for file in (tmp_path / "data").iterdir()) == [
        "email.key",
        "secret.key",
        "signing.key",
    ]


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("60/hour", Rate(60, HOUR)),
        ("1/minute", Rate(1, timedelta(minutes=1))),
        ("1000/day", Rate(1000, timedelta(days=1))),
        ("off", None),
    ],
)
def test_rates(text: str, rate: Rate | None) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["", "0/hour", "60", "60/week", "-1/hour", "60/hours", "6.5/hour", "OFF", " 6/hour"]
)
def test_wrong_rates(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a rate like 60/hour, or off$"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://petitions.example.org", "https://petitions.example.org"),
        ("HTTPS://Petitions.Example.org/", "https://petitions.example.org"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://example.org:443", "https://example.org"),
        ("https://example.org:0443/", "https://example.org"),
        ("http://example.org:80", "http://example.org"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://example.org:80", "https://example.org:80"),
        ("http://example.org:443", "http://example.org:443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://xn--mnchen-3ya.de", "https://xn--mnchen-3ya.de"),
    ],
)
def test_base_urls(text: str, url: str) -> None:
    assert parse_base_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "petitions.example.org",
        "ftp://example.org",
        "https://",
        "https://example.org/path",
        "https://example.org?x=1",
        "https://example.org#x",
        "https://ana@example.org",
        "https://:pw@example.org",
        "https://exa mple.org",
        "https://example.org:port",
        "https://example.org:99999",
        "https://münchen.de",
        "https://[::1",
    ],
)
def test_wrong_base_urls(text: str) -> None:
    with pytest.raises(ValueError):
        parse_base_url(text)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 587, "starttls")),
        ("smtps://mail.example.org", SmtpServer("mail.example.org", 465, "tls")),
        ("smtp://ana:p%23w@m.example:2525", SmtpServer("m.example", 2525, "starttls", "ana", "p#w")),
        ("smtp://localhost:25?security=none", SmtpServer("localhost", 25, "none")),
        ("smtp://localhost?security=tls", SmtpServer("localhost", 465, "tls")),
        ("smtp://ana%40example.org:x@[::1]", SmtpServer("::1", 587, "starttls", "ana@example.org", "x")),
    ],
)
def test_smtp_urls(text: str, server: SmtpServer) -> None:
    assert parse_smtp_url(text) == server


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("postgres://a:b@h/d", "postgresql+psycopg://a:b@h/d"),
        ("postgresql://a:b@h:5432/d?sslmode=require", "postgresql+psycopg://a:b@h:5432/d?sslmode=require"),
        ("postgresql+psycopg:///d?host=/run/pg", "postgresql+psycopg:///d?host=/run/pg"),
        ("sqlite:////srv/petitions.db", "sqlite:////srv/petitions.db"),
        ("sqlite:///petitions.db", "sqlite:///petitions.db"),
    ],
)
def test_database_urls(text: str, url: str) -> None:
    assert parse_database_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "petitions.db",
        "mysql://h/d",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:////srv/",
        "sqlite:///a.db?mode=ro",
        "postgresql://h:port/d",
        "postgresql+asyncpg://h/d",
    ],
)
def test_wrong_database_urls(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected postgresql://"):
        parse_database_url(text)


@given(st.text(max_size=30), st.sampled_from(["", "http://", "https://", "https://example.org"]))
def test_any_text_is_a_base_url_or_is_not(text: str, start: str) -> None:
    try:
        url = parse_base_url(start + text)
    except ValueError:
        return
    assert parse_base_url(url) == url
    parts = urlsplit(url)
    assert url == f"{parts.scheme}://{parts.netloc}"
    assert allowed_hosts(url)[0]


@given(st.text(max_size=30), st.sampled_from(["", "smtp://", "smtps://", "smtp://a:b@example.org"]))
def test_any_text_is_an_smtp_url_or_is_not(text: str, start: str) -> None:
    try:
        server = parse_smtp_url(start + text)
    except ValueError as error:
        assert str(error).startswith("expected ")  # noqa: PT017 - both ends are right
        return
    assert server.host
    assert 0 < server.port <= 65_535
    assert server.security in ("tls", "starttls", "none")


@given(st.text(max_size=30), st.sampled_from(["postgresql://", "postgresql://a:b@h", "postgres://"]))
def test_any_text_is_a_database_url_or_is_not(text: str, start: str) -> None:
    try:
        url = parse_database_url(start + text)
    except ValueError as error:
        assert str(error).startswith("expected ")  # noqa: PT017 - both ends are right
        return
    Database(url).close()


@given(st.text(max_size=20))
def test_other_parsers_take_any_text(text: str) -> None:
    for parse in (parse_rate, parse_networks, parse_mail_from, parse_count, parse_log_level):
        try:
            value = parse(text)
        except ValueError:
            continue
        if parse is parse_mail_from:
            assert value == text.strip()
            assert text.isascii()
            assert "\n" not in text.strip()


@given(st.text("0123456789abcdefAG@-, ", max_size=200))
@example(f"{'a' * 64}@2027-02-29")
@example(f"{'a' * 64}@2027-3-1")
@example(f"{'a' * 64}")
@example(f"{'a' * 63}@2027-03-01")
def test_text_is_earlier_keys_or_refused(text: str) -> None:
    assume("@" in text or text.strip(", "))
    with pytest.raises(ValueError, match=r"expected|day|month|range|year"):
        parse_earlier_keys(text)


@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.dates(date(1990, 1, 1))), max_size=4))
def test_earlier_keys_are_read_as_the_page_shows_them(keys: list[tuple[bytes, date]]) -> None:
    text = ", ".join(f"{grouped(raw.hex()).upper()} @{day}" for raw, day in keys)
    read = parse_earlier_keys(text)
    assert sorted((key.fingerprint, key.until) for key in read) == sorted((raw.hex(), day) for raw, day in keys)
    assert [key.until for key in read] == sorted((day for _, day in keys), reverse=True)


@given(st.lists(st.ip_addresses(), max_size=5))
def test_addresses_are_networks_of_one(addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> None:
    networks = parse_networks(" , ".join(map(str, addresses)))
    assert [network.network_address for network in networks] == addresses
    assert all(network.num_addresses == 1 for network in networks)


@given(st.dictionaries(st.sampled_from(VARIABLES).map("PETITIONS_{}".format), st.text(max_size=12), max_size=5))
def test_any_environment_is_read_or_refused(environ: dict[str, str], changes: dict[str, str]) -> None:
    changes.pop("PETITIONS_DATA_DIR", None)
    try:
        load_settings(environ | changes)
    except SettingsError as error:
        assert {line.partition(":")[0] for line in error.problems} <= set(changes)  # noqa: PT017
