from __future__ import annotations

from datetime import timedelta

import pytest

from vaxcert import errors
from vaxcert.commands.exit_codes import error_classes
from vaxcert.errors import FieldProblem
from vaxcert.service.language import VIETNAMESE_REFUSALS
from vaxcert.web.problems import headers_of, problem_of, status_of


@pytest.mark.parametrize("kind", error_classes())
def test_every_error_has_a_status_that_tells_it_is_one(kind: type[errors.VaxcertError]) -> None:
    assert 400 <= status_of(kind) < 600


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.NotAllowedError, 403),
        (errors.NotRegisteredError, 404),
        (errors.StaleVersionError, 412),
        (errors.IdempotencyConflictError, 422),
        (errors.PersonErasedError, 410),
        (errors.RequestError, 422),
        (errors.SlotFullError, 409),
        (errors.RegistryBusyError, 503),
        (errors.AuthenticationError, 401),
        (errors.WrongCredentialsError, 401),
        (errors.LockedOutError, 429),
        (errors.OverloadedError, 503),
        (errors.PassphraseError, 500),
        (errors.StorageError, 503),
    ],
)
def test_the_nearest_class_decides(kind: type[errors.VaxcertError], status: int) -> None:
    assert status_of(kind) == status


def test_a_problem_names_its_code_and_the_request() -> None:
    problem = problem_of(errors.StaleVersionError("somebody else has changed it"), "en", "abc")
    assert (problem.type, problem.code, problem.status) == ("urn:vaxcert:stale_version", "stale_version", 412)
    assert (problem.detail, problem.instance) == ("somebody else has changed it", "urn:vaxcert:request:abc")
    assert problem.hint == errors.StaleVersionError.hint
    assert problem.title.startswith("Somebody else has changed it")


def test_every_wrong_field_is_named() -> None:
    error = errors.RequestError("wrong", problems=[FieldProblem("a", "missing", "must be there")])
    (field,) = problem_of(error, "en", "abc").fields
    assert (field.field, field.code, field.message) == ("a", "missing", "must be there")


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in error_classes()
        if issubclass(kind, (errors.RegistryError, errors.RegistryInputError, errors.WebError))
    ],
)
def test_every_refusal_has_words_in_vietnamese(kind: type[errors.VaxcertError]) -> None:
    sentence = VIETNAMESE_REFUSALS[kind.code]
    assert sentence.format(message="why")
    assert not sentence.endswith(".")


def test_a_problem_is_said_in_the_language_of_who_asks() -> None:
    error = errors.WrongCredentialsError("they do not go together")
    assert problem_of(error, "en", "abc").detail == "they do not go together"
    assert problem_of(error, "vi", "abc").detail == VIETNAMESE_REFUSALS["wrong_credentials"]
    assert problem_of(error, "vi", "abc").hint != error.hint


def test_what_is_the_operators_matter_is_not_told_to_a_client() -> None:
    problem = problem_of(errors.PassphraseError("the key /etc/secret is not encrypted"), "en", "abc")
    assert "/etc/secret" not in problem.detail
    assert problem.hint is None
    assert problem.code == "wrong_passphrase"


def test_a_client_learns_how_long_to_wait() -> None:
    late = errors.TooManyRequestsError("often", retry_after=timedelta(seconds=1.2))
    assert headers_of(late) == {"retry-after": "2"}
    assert headers_of(errors.TooManyRequestsError("often", retry_after=timedelta())) == {"retry-after": "1"}
    assert headers_of(errors.OverloadedError("full")) == {"retry-after": "1"}
    assert headers_of(errors.AuthenticationError("who")) == {"www-authenticate": "Bearer"}
    assert headers_of(errors.NotRegisteredError("no")) == {}
