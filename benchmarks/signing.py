"""Signing and confirming as loads; sign.py, confirm.py, growth.py, own.py, purge.py and processes.py measure with
them."""

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import Load, run_wrk
from benchmarks.options import BenchmarkError, Options
from benchmarks.requests import form_headers, make_forms, write_forms, write_head
from benchmarks.seeding import add_drafts, fresh_prefix
from benchmarks.servers import Server
from benchmarks.stores import Store
from petitions.campaigns.queries import CampaignSnapshot


@dataclass
class Signing:
    """Posts forms, each with a fresh address, to any server of this campaign."""

    store: Store
    campaign: CampaignSnapshot
    options: Options
    rest: int | None = None  # milliseconds that a connection rests before the next form, on average

    def check(self, server: Server) -> None:
        """One form by hand: the right answer is 303 to the page that says to look into the inbox."""
        form = make_forms(self.campaign.statements["en"].id)[0]
        body = f"{form}&email={fresh_prefix()}0%40example.org".encode()
        reply = server.ask("POST", f"{self._path}/signatures", body, form_headers(server))
        if (reply.status, reply.headers.get("location")) != (303, f"{self._path}/signed?lang=en"):
            raise BenchmarkError(f"sign: unexpected answer {reply.status}")

    def load(self, server: Server, seconds: int | None = None) -> Load:
        folder = self.store.data_dir
        head = write_head(folder / f"head-{server.port}", server, f"POST {self._path}/signatures HTTP/1.1")
        forms = write_forms(folder / "forms", self.campaign.statements["en"].id)
        arguments = [str(head), str(forms), fresh_prefix()] + ([str(self.rest)] if self.rest else [])
        return run_wrk(server, "sign", arguments, self.options.connections, seconds or self.options.seconds)

    @property
    def _path(self) -> str:
        return f"/c/{self.campaign.slug}"


@dataclass
class Confirming:
    """Presses the buttons of drafts that were stored beforehand."""

    store: Store
    campaign: CampaignSnapshot
    options: Options
    _tokens: list[str] = field(default_factory=list)
    _share: int = 0  # of one round

    def stock(self, rounds: int, per_second: float) -> None:
        """Store as many drafts as so many rounds could press."""
        wanted = int(rounds * self.options.seconds * per_second * 1.5) + 10 * self.options.connections
        self._tokens += add_drafts(self.store, self.campaign, wanted)
        self._share = len(self._tokens) // rounds

    def check(self, server: Server) -> None:
        """One button by hand."""
        (token,) = add_drafts(self.store, self.campaign, 1)
        reply = server.ask("POST", f"/confirm/{token}?lang=en", b"", form_headers(server))
        if (reply.status, reply.headers.get("location")) != (303, f"/c/{self.campaign.slug}/thanks?lang=en"):
            raise BenchmarkError(f"confirm: unexpected answer {reply.status}")

    def load(self, server: Server, seconds: int | None = None) -> Load:
        folder: Path = self.store.data_dir
        tokens, self._tokens = self._tokens[: self._share], self._tokens[self._share :]
        file = folder / "tokens"
        file.write_text("".join(f"{token}\n" for token in tokens), encoding="ascii")
        head = write_head(folder / f"headers-{server.port}", server)
        arguments = [str(head), str(file)]
        return run_wrk(server, "confirm", arguments, self.options.connections, seconds or self.options.seconds)
