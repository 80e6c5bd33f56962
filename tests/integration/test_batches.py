"""`vaxcert issue` again and again: the same certificate for the same record, whatever happened in between."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.authority import RECOVERY, TEST, VACCINATION
from tests.batches import LOGGED, Line, essences, issue, lines_of, logged, make_place, rejects_in, row, write
from vaxcert.service.revocation_book import BookEntry, RevocationBook
from vaxcert.signing.issuer_secret import IssuerSecret
from vaxcert.trust.revocation.revocation_list import RevocationReason


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_place(folder)
    return folder


@pytest.fixture(autouse=True)
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the place, in which the commands run."""
    folder = tmp_path / "place"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    return folder


def book(path: str) -> dict[str, BookEntry]:
    with RevocationBook.open(Path(path)) as opened:
        return {entry.id: entry for entry in opened.entries()}


def to(out: str) -> tuple[str, ...]:
    return ("-o", out, "--format", "jsonl") if "." not in out else ("-o", out)


def found(out: str) -> list[Line]:
    return lines_of(Path(out))


# --- the same file again ---------------------------------------------------------------------------------------------


def test_a_file_sent_again_into_its_folder_changes_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(place / "in.csv", row(1), row(2))
    assert issue("in.csv", *to("job")) == 0
    before = found("job")
    assert issue("in.csv", *to("job")) == 0
    assert found("job") == before
    assert "records that have their certificate already: 2" in capsys.readouterr().err
    assert len(before) == 2


@pytest.mark.parametrize("first", ["job", "one.jsonl"])
@pytest.mark.parametrize("second", ["job", "other", "two.jsonl"])
def test_with_a_ledger_a_record_has_one_certificate_wherever_it_goes(place: Path, first: str, second: str) -> None:
    write(place / "in.csv", row(1), row(2))
    assert issue("in.csv", *to(first), *LOGGED) == 0
    before = found(first)
    assert issue("in.csv", *to(second), *LOGGED, at="2021-12-05") == 0
    assert found(second) == before  # the signature and the time too
    assert logged(place / "ledger").ids == [line.id for line in before]
    assert [line.leaf_index for line in before] == [0, 1]


def test_what_is_new_in_a_file_is_issued_and_the_rest_is_left(place: Path) -> None:
    write(place / "in.csv", row(1))
    assert issue("in.csv", *to("job"), *LOGGED) == 0
    write(place / "more.csv", row(1), row(2), row(3))
    assert issue("more.csv", *to("job"), *LOGGED) == 0
    assert [line.record_id for line in found("job")] == ["VN-1", "VN-2", "VN-3"]
    assert logged(place / "ledger").size == 3


def test_a_stream_remembers_through_the_ledger(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(place / "in.csv", row(1))
    capsys.readouterr()
    assert issue("in.csv", *LOGGED) == 0
    first = capsys.readouterr().out
    assert issue("in.csv", *LOGGED) == 0
    assert capsys.readouterr().out == first
    write(place / "in.csv", row(1, lot="other"))
    assert issue("in.csv", *LOGGED) == 0
    (old, new) = logged(place / "ledger").ids
    assert new in capsys.readouterr().out
    assert book("ledger/revocations.sqlite")[old].successor == new


def test_without_an_id_a_record_is_what_it_says(place: Path) -> None:
    plain = {name: value for name, value in VACCINATION.items() if name != "record_id"}
    write(place / "in.csv", {**plain, "birth_date": "10/10/1983", "vaccination_date": "2021-09-12"})
    assert issue("in.csv", *to("job"), *LOGGED) == 0
    write(place / "in.csv", {**plain, "birth_date": "1983-10-10", "vaccination_date": "12/09/2021", "sex": "female"})
    assert issue("in.csv", *to("job"), *LOGGED) == 0
    assert len(found("job")) == logged(place / "ledger").size == 1
    write(place / "in.csv", {**plain, "lot": "other"})
    assert issue("in.csv", *to("job"), *LOGGED) == 0
    assert logged(place / "ledger").size == 2
    assert logged(place / "ledger").statements == []


def test_namesakes_without_an_id_are_told_apart_by_their_number(place: Path) -> None:
    write(place / "in.csv", row(1, record_id=""), row(2, record_id="", citizen_id="036183000002"))
    assert issue("in.csv", *to("job")) == 0
    assert len({line.id for line in found("job")}) == 2


def test_the_same_id_twice_in_a_file_is_told(place: Path) -> None:
    write(place / "in.csv", row(1), row(2), row(1, lot="other"), row(1))
    assert issue("in.csv", *to("job"), *LOGGED) == 1
    assert rejects_in(place / "job" / "rejects.csv") == [
        ["4", "VN-1", "record_id", "duplicate_record"],
        ["5", "VN-1", "record_id", "duplicate_record"],
    ]
    assert logged(place / "ledger").size == 2


def test_a_record_that_was_not_issued_may_come_again(place: Path) -> None:
    write(place / "in.csv", row(1, lot=""), row(1))
    assert issue("in.csv", *to("job"), *LOGGED) == 1
    assert [line.record_id for line in found("job")] == ["VN-1"]


def test_another_secret_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(place / "in.csv", row(1))
    assert issue("in.csv", *to("job"), *LOGGED) == 0
    (place / "other.pem").write_bytes(IssuerSecret.create().unsafe_to_pem())
    for out in ((*to("job"),), (*to("new"), *LOGGED), (*to("new.jsonl"), *LOGGED), LOGGED):
        capsys.readouterr()
        assert issue("in.csv", *out, "--secret", "other.pem") == 6
        captured = capsys.readouterr()
        assert "another issuer's secret" in captured.err
        assert captured.out == ""
    assert logged(place / "ledger").size == 1
    assert not (place / "new").exists()


# --- corrections -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [(), ("--correct",)])
@pytest.mark.parametrize(("ledger", "second"), [((), "job"), (LOGGED, "job"), (LOGGED, "other")])
def test_a_changed_record_supersedes(
    place: Path, capsys: pytest.CaptureFixture[str], mode: tuple[str, ...], ledger: tuple[str, ...], second: str
) -> None:
    write(place / "in.csv", row(1), row(2))
    assert issue("in.csv", *to("job"), *ledger) == 0
    old = found("job")[0]
    write(place / "new.csv", row(1, birth_date="1984-10-10"))
    capsys.readouterr()
    assert issue("new.csv", *to(second), *ledger, *mode) == 0
    assert "corrections: 1; the certificates before them are superseded" in capsys.readouterr().err
    new = found(second)[-1]
    assert (new.record_id, new.dcc["dob"]) == ("VN-1", "1984-10-10")
    entry = book("ledger/revocations.sqlite" if ledger else "job/revocations.sqlite")[old.id]
    assert (entry.reason, entry.successor) == (RevocationReason.SUPERSEDED, new.id)
    if ledger:
        log = logged(place / "ledger")
        kinds = [statement.kind.name for statement in log.statements]
        assert kinds == (["SUPERSESSION", "REVOCATION"] if mode else ["SUPERSESSION"])
        assert {statement.subject for statement in log.statements} == {old.id}
        assert log.statements[0].detail == new.id
        assert [stored.version for _, _, stored in log.certificates] == [1, 1, 2]
        assert {stored.identity for _, identifier, stored in log.certificates if identifier in {old.id, new.id}} == {
            log.certificates[0][2].identity
        }


@pytest.mark.parametrize("out", ["job", "other", "file.jsonl"])
def test_what_was_corrected_since_is_not_issued_again(
    place: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    write(place / "old.csv", row(1), row(2))
    write(place / "new.csv", row(1, lot="other"))
    assert issue("old.csv", *to("job"), *LOGGED) == 0
    assert issue("new.csv", *to("job"), *LOGGED) == 0
    before = logged(place / "ledger")
    assert issue("old.csv", *to(out), *LOGGED) == 1
    rejects = Path(out) / "rejects.csv" if "." not in out else Path("file.rejects.csv")
    assert rejects_in(rejects) == [["2", "VN-1", "record_id", "superseded_record"]]
    assert logged(place / "ledger") == before
    assert "--correct" in capsys.readouterr().err


def test_a_correction_can_be_taken_back(place: Path) -> None:
    write(place / "old.csv", row(1))
    write(place / "new.csv", row(1, lot="other"))
    assert issue("old.csv", *to("job"), *LOGGED) == 0
    assert issue("new.csv", *to("job"), *LOGGED, "--correct") == 0
    assert issue("old.csv", *to("job"), *LOGGED, "--correct") == 0
    assert [stored.version for _, _, stored in logged(place / "ledger").certificates] == [1, 2, 3]
    ids = [line.id for line in found("job")]
    assert {each: entry.successor for each, entry in book("ledger/revocations.sqlite").items()} == {
        ids[0]: ids[1],
        ids[1]: ids[2],
    }


@pytest.mark.parametrize("ledger", [(), LOGGED])
def test_a_correction_of_nothing_is_told(place: Path, ledger: tuple[str, ...]) -> None:
    write(place / "in.csv", row(1))
    assert issue("in.csv", *to("job"), *ledger) == 0
    write(place / "fix.csv", row(1, lot="other"), row(7), row(1, record_id="", lot="x"))
    assert issue("fix.csv", *to("job"), *ledger, "--correct") == 1
    assert rejects_in(place / "job" / "rejects.csv") == [
        ["3", "VN-7", "record_id", "unknown_record"],
        ["4", "", "record_id", "unknown_record"],
    ]
    assert len(found("job")) == 2


def test_a_correction_that_is_wrong_itself_leaves_the_old_one_in_force(place: Path) -> None:
    write(place / "in.csv", row(1))
    assert issue("in.csv", *to("job"), *LOGGED) == 0
    write(place / "fix.csv", row(1, lot=""))
    assert issue("fix.csv", *to("job"), *LOGGED, "--correct") == 1
    assert logged(place / "ledger").size == 1


def test_two_folders_that_share_a_ledger_count_on(place: Path) -> None:
    write(place / "v1.csv", row(1))
    write(place / "v2.csv", row(1, lot="2"))
    write(place / "v3.csv", row(1, lot="3"))
    assert issue("v1.csv", *to("a"), *LOGGED) == 0
    assert issue("v2.csv", *to("b"), *LOGGED) == 0
    assert issue("v3.csv", *to("a"), *LOGGED) == 0  # which knows of version 1 alone
    assert [stored.version for _, _, stored in logged(place / "ledger").certificates] == [1, 2, 3]
    assert issue("v2.csv", *to("a"), *LOGGED) == 1
    assert rejects_in(place / "a" / "rejects.csv")[0][3] == "superseded_record"
    assert [found("a")[1].id] == logged(place / "ledger").ids[-1:]


# --- renewals --------------------------------------------------------------------------------------------------------


def prepare_renewal(place: Path, ledger: tuple[str, ...]) -> list[Line]:
    write(place / "soon.csv", *(row(number) for number in range(10)))
    write(place / "late.csv", *(row(number) for number in range(10, 30)))
    assert issue("soon.csv", *to("job"), *ledger, "--validity", "30") == 0
    assert issue("late.csv", *to("job"), *ledger, "--validity", "365") == 0
    return found("job")


@pytest.mark.parametrize("ledger", [(), LOGGED])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_lapses_soon_is_renewed_once(
    place: Path, capsys: pytest.CaptureFixture[str], ledger: tuple[str, ...], workers: str
) -> None:
    before = prepare_renewal(place, ledger)
    renew = ("--renew", *to("job"), *ledger, "--workers", workers, "--within", "30")
    assert issue(*renew, at="2021-12-15") == 0
    assert "certificates issued: 10, to job" in capsys.readouterr().err
    after = found("job")
    assert after[:30] == before
    new, old = after[30:], before[:10]
    assert [line.record_id for line in new] == [line.record_id for line in old]
    for one, other in zip(new, old, strict=True):
        entry, earlier = one.dcc["v"][0], other.dcc["v"][0]
        assert {**one.dcc, "v": []} == {**other.dcc, "v": []}
        assert {**entry, "ci": ""} == {**earlier, "ci": ""}
        assert entry["ci"] != earlier["ci"]
    entries = book("ledger/revocations.sqlite" if ledger else "job/revocations.sqlite")
    assert {each: entry.successor for each, entry in entries.items()} == {
        one.id: other.id for one, other in zip(old, new, strict=True)
    }
    if ledger:
        assert len(logged(place / "ledger").statements) == 10
    assert issue(*renew, at="2021-12-15") == 0
    assert "certificates issued: 0, to job" in capsys.readouterr().err
    assert found("job") == after
    write(place / "all.csv", *(row(number) for number in range(30)))
    assert issue("all.csv", *to("job"), *ledger) == 0  # and the records still have their certificate
    assert found("job") == after


@pytest.mark.parametrize("ledger", [(), LOGGED])
def test_what_was_revoked_or_corrected_is_not_renewed(place: Path, ledger: tuple[str, ...]) -> None:
    before = prepare_renewal(place, ledger)
    write(place / "fix.csv", row(1, lot="other"))
    assert issue("fix.csv", *to("job"), *ledger) == 0
    path = Path("ledger" if ledger else "job") / "revocations.sqlite"
    with RevocationBook.open(path, create=True) as opened:
        opened.add([BookEntry(before[0].id, RevocationReason.REVOKED, 1638400000)])
    assert issue("--renew", *to("job"), *ledger, "--within", "20", at="2021-12-15") == 0
    assert [line.record_id for line in found("job")[31:]] == [f"VN-{number}" for number in range(2, 10)]


def test_a_renewal_goes_into_a_folder_or_file_of_its_own(place: Path) -> None:
    old = prepare_renewal(place, LOGGED)[:10]
    assert issue("--renew", *to("new.jsonl"), *LOGGED, "--within", "20", at="2021-12-15") == 0
    assert [line.record_id for line in found("new.jsonl")] == [line.record_id for line in old]
    assert issue("--renew", *to("other"), *LOGGED, "--within", "20", at="2021-12-15") == 0
    assert found("other") == []


@pytest.mark.parametrize(("kind", "fields"), [("t", TEST), ("r", RECOVERY)])
@pytest.mark.parametrize("ledger", [(), LOGGED])
def test_tests_and_recoveries_are_kept_corrected_and_renewed(
    place: Path, kind: str, fields: dict[str, object], ledger: tuple[str, ...]
) -> None:
    write(place / "in.csv", fields)
    common = (*to("job"), *ledger, "--type", kind, "--validity", "40")
    assert issue("in.csv", *common) == issue("in.csv", *common) == 0
    write(place / "fix.csv", {**fields, "given_name": "Thị Mơ"})
    assert issue("fix.csv", *common, "--correct") == 0
    assert issue("--renew", *common, at="2021-12-15") == 0
    first, second, third = found("job")
    assert (first.dcc["nam"]["gn"], second.dcc["nam"]["gn"]) == (fields["given_name"], "Thị Mơ")
    assert {**third.dcc, kind: [{**third.dcc[kind][0], "ci": ""}]} == {
        **second.dcc,
        kind: [{**second.dcc[kind][0], "ci": ""}],
    }
    assert issue("--renew", *to("job"), *ledger, "--within", "3000", "--validity", "3600", at="2021-12-16") == 0
    assert len(found("job")) == 3


def test_records_of_another_type_are_others(place: Path) -> None:
    write(place / "v.csv", {**VACCINATION, "record_id": "7"})
    write(place / "r.csv", {**RECOVERY, "record_id": "7"})
    assert issue("v.csv", *to("job"), *LOGGED) == 0
    assert issue("r.csv", *to("job"), *LOGGED, "--type", "r") == 0
    assert len(found("job")) == 2
    assert logged(place / "ledger").statements == []


def test_every_holder_has_one_certificate_in_force(place: Path) -> None:
    write(place / "in.csv", *(row(number) for number in range(40)))
    assert issue("in.csv", *to("job"), *LOGGED, "--validity", "30") == 0
    write(place / "fix.csv", *(row(number, lot="other") for number in range(0, 40, 3)))
    assert issue("fix.csv", *to("job"), *LOGGED, "--validity", "60", "--correct") == 0
    assert issue("--renew", *to("job"), *LOGGED, "--within", "30", at="2021-12-15") == 0
    superseded = book("ledger/revocations.sqlite")
    in_force = [line for line in found("job") if line.id not in superseded]
    assert sorted(line.record_id or "" for line in in_force) == sorted(f"VN-{number}" for number in range(40))
    assert essences(found("job")) == essences({line.id: line for line in found("job")}.values())


# --- what must not be taken for something else -----------------------------------------------------------------------


@pytest.mark.parametrize("ledger", [(), LOGGED])
def test_a_repeated_id_stays_a_repetition_when_the_file_is_sent_again(place: Path, ledger: tuple[str, ...]) -> None:
    write(place / "in.csv", *(row(number) for number in range(5200)), row(1, lot="another"))
    assert issue("in.csv", *to("job"), *ledger) == 1
    before = essences(found("job"))
    for _ in range(2):
        assert issue("in.csv", *to("job"), *ledger) == 1
        assert [cells[3] for cells in rejects_in(place / "job" / "rejects.csv")] == ["duplicate_record"]
        assert essences(found("job")) == before


@pytest.mark.parametrize("ledger", [(), LOGGED])
def test_another_person_under_an_id_is_no_correction(place: Path, ledger: tuple[str, ...]) -> None:
    write(place / "in.csv", row(1))
    assert issue("in.csv", *to("job"), *ledger) == 0
    other = row(1, family_name="Trần", given_name="Văn Khác", birth_date="1950-02-03", citizen_id="")
    write(place / "other.csv", other)
    assert issue("other.csv", *to("job"), *ledger) == 1
    assert [cells[3] for cells in rejects_in(place / "job" / "rejects.csv")] == ["other_person"]
    assert issue("other.csv", *to("job"), *ledger, "--correct") == 0
    assert len(found("job")) == 2


def test_a_job_keeps_its_ledger_and_its_country(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(place / "in.csv", row(1))
    assert issue("in.csv", *to("job"), *LOGGED) == 0
    assert issue("in.csv", *to("job")) == 6
    assert "certificates of another ledger" in capsys.readouterr().err
    assert issue("in.csv", *to("other"), *LOGGED, "--country", "LA") == 6
    assert "are of another country" in capsys.readouterr().err
    assert issue("in.csv", *to("plain")) == 0
    assert issue("in.csv", *to("plain"), "--country", "LA") == 6


@pytest.mark.parametrize("ledger", [(), LOGGED])
def test_what_was_revoked_is_issued_anew_only_when_that_is_asked_for(place: Path, ledger: tuple[str, ...]) -> None:
    write(place / "in.csv", row(1))
    assert issue("in.csv", *to("job"), *ledger) == 0
    (line,) = found("job")
    kept = "ledger/revocations.sqlite" if ledger else "job/revocations.sqlite"
    with RevocationBook.open(Path(kept), create=True) as opened:
        opened.add([BookEntry(line.id, RevocationReason.REVOKED, 1)])
    write(place / "changed.csv", row(1, lot="another"))
    for source in ("in.csv", "changed.csv"):
        assert issue(source, *to("job"), *ledger) == 1
        assert [cells[3] for cells in rejects_in(place / "job" / "rejects.csv")] == ["revoked_record"]
    assert issue("changed.csv", *to("job"), *ledger, "--correct") == 0
    assert len(found("job")) == 2


def test_rejects_never_take_the_place_of_another_file(place: Path) -> None:
    write(place / "in.csv", row(1))
    assert issue("in.csv", *to("job")) == 0
    shutil.copy(place / "in.csv", place / "job" / "in.csv")
    assert issue("job/in.csv", *to("job"), "--rejects", "job/in.csv") == 6
    assert (place / "job" / "in.csv").read_bytes() == (place / "in.csv").read_bytes()


def test_a_renewal_without_anything_to_renew_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert issue("--renew", *to("job")) == 2
    assert "needs what it renews" in capsys.readouterr().err
    assert not (place / "job").exists()
