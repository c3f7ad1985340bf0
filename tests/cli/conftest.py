"""The command line in the test's own process, over a store of each kind."""

import logging
from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner, Result

from petitions.cli.main import build_app
from petitions.settings import Settings

Petitions = Callable[..., Result]
APP = build_app()


@pytest.fixture
def environ(settings: Settings) -> dict[str, str]:
    """The variables of the store that the test looks into."""
    return {
        "PETITIONS_DATA_DIR": str(settings.data_dir),
        "PETITIONS_DATABASE_URL": settings.database_url,
        "PETITIONS_EMAIL_KEY": settings.email_key,
        "PETITIONS_SIGNING_KEY": settings.signing_key,
        "PETITIONS_SECRET_KEY": settings.secret_keys[0],
        "PETITIONS_LOG_LEVEL": "warning",
    }


@pytest.fixture
def petitions(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Petitions]:
    """Runs a command; an exception that it does not explain fails the test."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    root, own = logging.getLogger(), logging.getLogger("petitions")
    kept = root.handlers, root.level, own.level, logging.getLogger("uvicorn.access").disabled

    def run(*arguments: object, typed: str | None = None) -> Result:
        result: Result = CliRunner().invoke(
            APP, [str(argument) for argument in arguments], input=typed, catch_exceptions=False
        )
        return result

    yield run
    root.handlers, logging.getLogger("uvicorn.access").disabled = kept[0], kept[3]
    root.setLevel(kept[1])
    own.setLevel(kept[2])
