"""petitions demo"""

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from petitions import paths
from petitions.campaigns.files import read_campaign
from petitions.cli.context import Exit, fail, opened_store
from petitions.cli.demo_lead import LEAD, make_lead
from petitions.cli.serving import run_processes
from petitions.clock import utc_now
from petitions.errors import CampaignPurged, SettingsError
from petitions.settings import load_settings
from petitions.signatures.importing import import_files

_TRIED_PORTS = 20


def demo(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="The port; the next free one if it is taken.")
    ] = 8000,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("petitions-data/demo"),
) -> None:
    """Serve the sample campaigns on this machine, and catch their mail.

    Example: petitions demo
    """
    listener = _listen_near(port)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")}
    environ |= {
        "PETITIONS_DATA_DIR": str(data.absolute()),
        "PETITIONS_BASE_URL": address,
        "PETITIONS_MAILBOX_DIR": str(data.absolute() / "mailbox"),
        "PETITIONS_LOG_LEVEL": "warning",
        # Who tries a demo signs as this one and that one of example.org, and confirms few.
        "PETITIONS_DOMAIN_CREDIT": "off",
    }
    try:
        settings = load_settings(environ)
    except SettingsError as error:
        raise fail("\n".join(error.problems), Exit.SETTINGS) from None
    with opened_store(settings) as database:
        now = utc_now()
        for folder in sorted(paths.DEMO_CAMPAIGNS.iterdir()):
            if folder.is_dir():
                with suppress(CampaignPurged), database.writing() as session:
                    import_files(session, read_campaign(folder, now), now)
        password = make_lead(database, settings, now)
    typer.echo(
        f"\n  The sample campaigns:  {address}/"
        f"\n  Mail that was caught:  {address}/mailbox"
        f"\n  Look after them:       {address}/console"
        f"\n    as {LEAD} with the password {password or 'that you chose'}"
        f"\n\n  Sign a statement, open the mailbox, press the button, and see the count rise."
        f"\n  Then export the list:  PETITIONS_DATA_DIR={data} petitions export "
        "free-boris-kagarlitsky --output signatures.csv"
        f"\n\n  Ctrl-C ends it.\n"
    )
    raise typer.Exit(run_processes([listener], mail=True, environ=environ))


def _listen_near(port: int) -> socket.socket:
    """A listening socket on this port, or on the next that is free."""
    for candidate in range(port, min(port + _TRIED_PORTS, 65536)):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
        except OSError:
            listener.close()
            continue
        listener.listen(128)
        listener.set_inheritable(True)
        return listener
    raise fail(f"Every port from {port} on is taken; choose another with --port.", Exit.FAILED)
