"""A registry's folder: its settings and its keys; the database is there too, or elsewhere."""

from __future__ import annotations

import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import sqlalchemy as sa

from vaxcert.errors import PassphraseError, RegistryFormatError, SettingsError
from vaxcert.registry.database.engine import open_engine, schema_transaction
from vaxcert.registry.database.migrate import check_revision, upgrade
from vaxcert.registry.database.partitions import FIRST_MONTH, ensure_partitions
from vaxcert.registry.sealing.keyring import KeyEncryptionKey, Keyring, Pepper
from vaxcert.service.files import read_file, whole_file, whole_folder
from vaxcert.service.registry.desk import Desk
from vaxcert.service.registry.preparing import prepare
from vaxcert.service.registry.reference import Reference
from vaxcert.signing.private_key import MAX_KEY_BYTES, is_encrypted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

SETTINGS_NAME: Final = "registry.toml"
MAX_SETTINGS_BYTES: Final = 64 * 1024
_KEYS, _PEPPER, _KEK = "keys", "pepper.pem", "kek-{:04}.pem"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `registry.toml` says. Paths in it are relative to its folder; secrets are named, never written.

    Attributes:
        database: The URL of the database.
        ledger: The folder of the ledger that certificates are logged in.
        issuing: Who issues the certificates, and with which keys.
        notifications: How messages leave.
        web: What `vaxcert serve` needs beside.
    """

    database: str
    ledger: str | None = None
    issuing: dict[str, Any] = {}
    notifications: dict[str, Any] = {}
    web: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class RegistryFolder:
    """Where the parts of a registry stand."""

    path: Path

    @property
    def settings_file(self) -> Path:
        """The settings; no secret is in them."""
        return self.path / SETTINGS_NAME

    @property
    def pepper_file(self) -> Path:
        """The pepper of the blind indexes, encrypted."""
        return self.path / _KEYS / _PEPPER

    def kek_files(self) -> list[Path]:
        """Return the files of the key-encryption keys, encrypted; the last is the current one."""
        return sorted((self.path / _KEYS).glob("kek-*.pem"))

    def settings(self) -> Settings:
        """Return the settings.

        Raises:
            RegistryFormatError: There are none here.
            SettingsError: They are wrong.
        """
        if not self.settings_file.exists():
            raise RegistryFormatError(
                f"{self.path} is no registry's folder", hint="`vaxcert registry init FOLDER` makes one"
            )
        try:
            read = tomllib.loads(read_file(self.settings_file, limit=MAX_SETTINGS_BYTES).decode())
            return msgspec.convert(read, Settings)
        except (ValueError, msgspec.ValidationError) as error:
            raise SettingsError(f"{self.settings_file} is wrong: {error}") from error

    @property
    def ledger(self) -> Path | None:
        """The folder of the ledger that certificates are logged in, if the settings name one."""
        named = self.settings().ledger
        return None if named is None else self.path / named

    def engine(self) -> sa.Engine:
        """Return the engine of the database.

        Raises:
            SettingsError: The settings name none that can be.
        """
        return open_engine(_placed(self.settings().database, self.path))

    def keyring(self, passphrase: bytes) -> Keyring:
        """Return the registry's secrets.

        Raises:
            PassphraseError: The passphrase is wrong, or a key is in the clear.
            KeyFileError: A file holds no such key.
            StorageError: A file cannot be read.
        """
        pepper = Pepper.from_pem(_pem(self.pepper_file), passphrase)
        return Keyring(partial(self._load_keys, passphrase), pepper)

    def _load_keys(self, passphrase: bytes) -> list[KeyEncryptionKey]:
        keys = [KeyEncryptionKey.from_pem(_pem(path), passphrase) for path in self.kek_files()]
        if not keys:
            raise RegistryFormatError(f"{self.path / _KEYS} has no key-encryption key")
        return keys

    def open(self, passphrase: bytes) -> Desk:
        """Return the desk of this registry, which has to be closed.

        Raises:
            RegistryFormatError: The tables are of another version.
            RegistryUnavailableError: The database does not answer.
            PassphraseError: The passphrase is wrong.
        """
        keyring = self.keyring(passphrase)
        engine = self.engine()
        try:
            with schema_transaction(engine, reads=True) as connection:
                check_revision(connection)
        except BaseException:
            engine.dispose()
            raise
        return Desk(engine, keyring, Reference())

    def add_key(self, passphrase: bytes) -> KeyEncryptionKey:
        """Make a new key-encryption key, which is the current one from now on; return it.

        Raises:
            PassphraseError: The passphrase is not that of the others.
            StorageError: It cannot be written.
        """
        self.keyring(passphrase)
        key = KeyEncryptionKey.create()
        number = int(self.kek_files()[-1].stem.partition("-")[2]) + 1
        _write(self.path / _KEYS / _KEK.format(number), key.to_pem(passphrase))
        return key

    def upgrade(self, today: date) -> None:
        """Bring the tables to the form that this version knows, with their parts by month.

        Raises:
            RegistryUnavailableError: The database does not answer; nothing was changed.
        """
        with _disposed(self.engine()) as engine, schema_transaction(engine) as connection:
            upgrade(connection)
            ensure_partitions(connection, today)


def create_registry(
    folder: Path, database: str, passphrase: bytes, *, today: date, since: date = FIRST_MONTH
) -> RegistryFolder:
    """Make a registry: its folder, its keys, and the tables in the database at the URL *database*.

    On PostgreSQL the heavy tables get parts from the month of *since* to some months after *today*.

    Raises:
        SettingsError: *database* is no URL, or holds a password.
        StorageError: There is something at *folder* already, or it cannot be written.
        RegistryFormatError: The database holds a registry already.
        PassphraseError: The passphrase is too short.
        RegistryUnavailableError: The database does not answer.
    """
    _check_has_no_password(database)
    open_engine(database).dispose()
    pepper, key = Pepper.create(), KeyEncryptionKey.create()
    pepper_pem, key_pem = pepper.to_pem(passphrase), key.to_pem(passphrase)
    with whole_folder(folder) as making:
        (making / _KEYS).mkdir(mode=0o700)
        _write(making / _KEYS / _PEPPER, pepper_pem)
        _write(making / _KEYS / _KEK.format(1), key_pem)
        _write(making / SETTINGS_NAME, f"database = {msgspec.json.encode(database).decode()}\n".encode())
        with _disposed(open_engine(_placed(database, making))) as engine:
            with schema_transaction(engine) as connection:
                if sa.inspect(connection).get_table_names():
                    raise RegistryFormatError("the database is not empty", hint="name one without tables")
                upgrade(connection)
            prepare(engine, Keyring(lambda: [key], pepper), today, since=since)
    return RegistryFolder(folder)


@contextmanager
def _disposed(engine: sa.Engine) -> Iterator[sa.Engine]:
    try:
        yield engine
    finally:
        engine.dispose()


def _check_has_no_password(database: str) -> None:
    try:
        password = sa.make_url(database).password
    except sa.exc.ArgumentError:
        raise SettingsError("the registry's database is no URL", hint="sqlite:///FILE or postgresql://...") from None
    if password is not None:
        raise SettingsError(
            "the database's URL holds a password", hint="put it into the file that PGPASSFILE names, or ~/.pgpass"
        )


def _placed(database: str, folder: Path) -> str:
    url = sa.make_url(database)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_absolute():
        url = url.set(database=str(folder.absolute() / url.database))
    return url.render_as_string(hide_password=False)


def _pem(path: Path) -> bytes:
    pem = read_file(path, limit=MAX_KEY_BYTES)
    if not is_encrypted(pem):
        raise PassphraseError(f"the key {path} is not encrypted", hint="a registry's keys always are")
    return pem


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as stream:
        stream.write(content)
