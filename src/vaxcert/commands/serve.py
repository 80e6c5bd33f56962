"""`vaxcert serve`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.commands.options import EXISTING_PATH, PATH, say
from vaxcert.commands.trust_store import own_list, own_revocations
from vaxcert.errors import MissingDependencyError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.kept_verifier import TrustSources

if TYPE_CHECKING:
    from vaxcert.service.batch.workbench import Recipe
    from vaxcert.web.auth.oidc import Provider

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
MAX_WORKERS = 64
MAX_DAYS = 36_525


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; TLS is a proxy's task.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="Port; 0 is a free one.")
@click.option("--workers", type=click.IntRange(1, MAX_WORKERS), default=1, help="Answer with so many processes.")
@click.option(
    "--trust", type=EXISTING_PATH, multiple=True, help="Trust list: a folder or file of DSCs. Default: your own list."
)
@click.option("--csca", type=EXISTING_PATH, multiple=True, help="CSCAs that every DSC must chain to.")
@click.option(
    "--max-age", type=click.IntRange(0, MAX_DAYS), metavar="DAYS", help="Refuse to decide by an older trust list."
)
@click.option(
    "--revocations", type=EXISTING_PATH, multiple=True, help="Revocation lists, or folders of them. Default: your own."
)
@click.option("--log", type=EXISTING_PATH, multiple=True, help="A log whose receipts are believed.")
@click.option("--ledger", type=_FOLDER, help="Ledger folder to answer for.")
@click.option("--revocation-list", type=PATH, help="The file that `revocations export` writes, for everybody.")
@click.option(
    "--registry",
    type=_FOLDER,
    help="Registry folder to answer for.",
)
@click.option("--registry-passphrase-file", type=EXISTING_PATH, help="File whose first line opens the registry's keys.")
@click.option("--keys", type=EXISTING_PATH, help="Keystore: services may issue from records, into the ledger.")
@click.option("--passphrase-file", type=EXISTING_PATH, help="File whose first line opens the keystore.")
@click.option("--country", default="VN", show_default=True, metavar="CC", help="Country of what is issued.")
@click.option("--issuer", default="Ministry of Health of Viet Nam", show_default=True, metavar="NAME")
@click.option("--oidc-issuer", metavar="URL", help="Identity provider of the staff: the `iss` of its tokens.")
@click.option("--oidc-audience", metavar="NAME", help="The `aud` that its tokens for this service have.")
@click.option("--oidc-jwks", metavar="PLACE", help="Its public keys: a file, or an https address.")
@click.option("--oidc-algorithm", "algorithms", multiple=True, default=("ES256", "RS256"), show_default=True)
@click.option("--oidc-claim", default="preferred_username", show_default=True, help="The claim that names the account.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0),
    default=100,
    show_default=True,
    help="Requests a second of one address; 0: any.",
)
@click.option("--in-flight", type=click.IntRange(1, 10_000), default=64, show_default=True, help="Requests in hand.")
def command(
    *,
    host: str,
    port: int,
    workers: int,
    trust: tuple[Path, ...],
    csca: tuple[Path, ...],
    max_age: int | None,
    revocations: tuple[Path, ...],
    log: tuple[Path, ...],
    ledger: Path | None,
    revocation_list: Path | None,
    registry: Path | None,
    registry_passphrase_file: Path | None,
    keys: Path | None,
    passphrase_file: Path | None,
    country: str,
    issuer: str,
    oidc_issuer: str | None,
    oidc_audience: str | None,
    oidc_jwks: str | None,
    algorithms: tuple[str, ...],
    oidc_claim: str,
    rate: float,
    in_flight: int,
) -> None:
    """Answer over HTTP: verification, the ledger, the registry.

    A page at / scans and verifies, and /api/v1 has everything else; /api/v1/openapi.json describes it. What was not
    named is not served. Stop it with SIGTERM: what is in hand is ended first.
    """
    try:
        from vaxcert.web.assembly import Assembly  # noqa: PLC0415 - an extra
        from vaxcert.web.server import serve  # noqa: PLC0415 - as above
        from vaxcert.web.settings import Limits  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise MissingDependencyError(f"{error.name} is not installed", hint='pip install "vaxcert[web]"') from error
    if (registry is None) != (registry_passphrase_file is None):
        raise click.UsageError("--registry and --registry-passphrase-file go together")
    if keys is not None and (ledger is None or passphrase_file is None):
        raise click.UsageError("--keys goes with --ledger and --passphrase-file")
    own = own_revocations()
    sources = TrustSources(
        trust=trust or ((own_list(),) if own_list().is_file() else ()),
        csca=csca,
        revocations=revocations or ((own,) if own.is_dir() and not trust else ()),
        logs=log,
        max_age=None if max_age is None else timedelta(days=max_age),
    )
    limits = Limits(client_rate=rate, client_burst=max(1, int(4 * rate)), in_flight=in_flight)
    if rate == 0:
        limits = Limits(client_rate=0, account_rate=0, in_flight=in_flight)
    assembly = Assembly(
        trust=sources,
        ledger=ledger,
        revocation_list=revocation_list,
        registry=registry,
        registry_passphrase=registry_passphrase_file,
        recipe=None if keys is None else _recipe(keys, passphrase_file, country, issuer),
        provider=_provider(oidc_issuer, oidc_audience, oidc_jwks, algorithms, oidc_claim),
        limits=limits,
        workers=workers,
    )
    serve(assembly, host=host, port=port, started=lambda where: say("note", f"answering at {where}"))


def _recipe(keys: Path, passphrase_file: Path | None, country: str, issuer: str) -> Recipe:
    from vaxcert.commands.options import now  # noqa: PLC0415 - only where something is issued
    from vaxcert.service.batch.workbench import Plan, Recipe  # noqa: PLC0415 - as above
    from vaxcert.service.signers import ISSUER_SECRET, SignerSource  # noqa: PLC0415 - as above

    plan = Plan(
        kind=CertificateType.VACCINATION,
        country=country,
        issuer=issuer,
        validity=timedelta(days=365),
        level=9,
        formats=("jsonl",),
    )
    source = SignerSource(keys=keys, passphrase_file=passphrase_file)
    return Recipe(plan=plan, source=source, secret=keys / ISSUER_SECRET, at=now())


def _provider(
    issuer: str | None, audience: str | None, jwks: str | None, algorithms: tuple[str, ...], claim: str
) -> Provider | None:
    if issuer is None and audience is None and jwks is None:
        return None
    if issuer is None or audience is None or jwks is None:
        raise click.UsageError("--oidc-issuer, --oidc-audience and --oidc-jwks go together")
    from vaxcert.web.auth.oidc import Provider  # noqa: PLC0415 - only where there is one

    return Provider(issuer=issuer, audience=audience, jwks=jwks, algorithms=algorithms, account_claim=claim)
