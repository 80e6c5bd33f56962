"""Print runs: who is printed where, whatever the order in which they came."""

import csv
import pickle
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from random import Random

import pypdfium2
import pytest

from tests.printed_cards import CARD, hc1
from vaxcert.codec import qr_reader
from vaxcert.errors import QrError, StorageError, UnprintableTextError
from vaxcert.issue.card import Card
from vaxcert.issue.print_file import CARDS_PER_FILE, ContentsFile, Layout, PrintFile
from vaxcert.model.names import PersonName
from vaxcert.service import print_run
from vaxcert.service.pool import ordered_map
from vaxcert.service.print_run import CONTENTS_TABLE, PrintRun, PrintTask, render, use_one_core

Printed = tuple[str | None, Card]


def card(number: int, name: str = "") -> Card:
    family, _, given = (name or f"Nguyễn Văn {number:05}").partition(" ")
    return replace(
        CARD,
        name=PersonName(family, given, "A", "B"),
        certificate_id=f"URN:UVCI:01:VN:{number:08}",
        text=hc1(number, 300),
    )


def many(counts: dict[str | None, int]) -> list[Printed]:
    """Return so many cards of each site, all distinct, in the order in which they are to be printed."""
    numbers = iter(range(10**6))
    return [(site, card(next(numbers))) for site, count in counts.items() for _ in range(count)]


def planned(folder: Path, cards: list[Printed], layout: Layout = "letters") -> list[PrintFile | ContentsFile]:
    with PrintRun(folder, layout, work=folder) as run:
        run.add_many(Random(3).sample(cards, len(cards)))
        return [task.file for task in run.tasks()]


def sites_of(files: list[PrintFile | ContentsFile]) -> list[list[tuple[str | None, int, int]]]:
    """Return site, first number and count of all that is in each file."""
    return [
        [(each.site, each.first, len(each.cards)) for each in file.sites]
        for file in files
        if isinstance(file, PrintFile)
    ]


def printed(files: list[PrintFile | ContentsFile]) -> list[Printed]:
    return [
        (each.site, one) for file in files if isinstance(file, PrintFile) for each in file.sites for one in each.cards
    ]


def pages(path: Path) -> list[str]:
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(path)]


# --- the order ----------------------------------------------------------------------------------------------------


def test_sites_and_people_are_in_vietnamese_order_and_no_site_is_last(tmp_path: Path) -> None:
    names = ["Đỗ Văn An", "Nguyễn Thị An", "Lê Ánh", "Lê Ân", "Trần Bình", "Huỳnh Đạt", "Võ Em", "Lê Ông"]
    sites = ["Bệnh viện 2", "Bệnh viện 10", "Đội lưu động", "Trạm Y tế Ái Nghĩa", "Trạm Y tế Ân Thi", None]
    expected = [
        (site, card(10 * at + index, name)) for at, site in enumerate(sites) for index, name in enumerate(names)
    ]
    assert printed(planned(tmp_path, expected)) == expected


def test_the_order_of_arrival_does_not_show(tmp_path: Path) -> None:
    cards = many({"A": 30, "B": 20, None: 5})
    first = planned(tmp_path, cards)
    with PrintRun(tmp_path, "letters", work=tmp_path) as run:
        run.add_many(reversed(cards))
        assert [task.file for task in run.tasks()] == first


def test_namesakes_are_in_the_order_of_birth(tmp_path: Path) -> None:
    older, younger = card(2, "Lê An"), replace(card(1, "Lê An"), birth_date=replace(CARD).birth_date)
    assert printed(planned(tmp_path, [("A", older), ("A", younger)])) == [("A", younger), ("A", older)]


def test_a_site_written_with_other_blanks_is_the_same(tmp_path: Path) -> None:
    files = planned(tmp_path, [("Trạm Y tế  A ", card(1)), ("Tra\u0323m Y tê\u0301 A", card(2))])
    assert sites_of(files) == [[("Trạm Y tế A", 1, 2)]]


@pytest.mark.parametrize("site", ["", "  ", None])
def test_a_site_without_letters_is_none(tmp_path: Path, site: str | None) -> None:
    assert sites_of(planned(tmp_path, [(site, card(1))])) == [[(None, 1, 1)]]


def test_a_site_that_cannot_be_printed_is_refused_when_it_comes(tmp_path: Path) -> None:
    with PrintRun(tmp_path, "letters", work=tmp_path) as run:
        for site in ("武汉", "A\x07", "x" * 121):
            with pytest.raises(UnprintableTextError) as caught:
                run.add(site, card(1))
            assert caught.value.field == "site"
        assert not list(run.tasks())


def test_an_address_that_cannot_be_printed_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UnprintableTextError, match="verify_at"):
        PrintRun(tmp_path, "letters", work=tmp_path, verify_at="https://武汉.example")


# --- the files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "files"),
    [
        ({"A": 500}, [[("A", 1, 500)]]),
        ({"A": 300, "B": 200, "C": 1}, [[("A", 1, 300), ("B", 1, 200)], [("C", 1, 1)]]),
        ({"A": 300, "B": 201}, [[("A", 1, 300)], [("B", 1, 201)]]),
        (
            {"A": 1, "B": 1020, "C": 30},
            [[("A", 1, 1), ("B", 1, 499)], [("B", 500, 500)], [("B", 1000, 21), ("C", 1, 30)]],
        ),
        ({"A": 500, "B": 500}, [[("A", 1, 500)], [("B", 1, 500)]]),
        ({"A": 499, None: 501}, [[("A", 1, 499), (None, 1, 1)], [(None, 2, 500)]]),
    ],
    ids=["full", "shared", "together", "split", "both-full", "no-site"],
)
def test_a_site_is_in_one_file_where_it_fits_into_one(
    tmp_path: Path, counts: dict[str | None, int], files: list[list[tuple[str | None, int, int]]]
) -> None:
    cards = many(counts)
    found = planned(tmp_path, cards)
    assert sites_of(found) == files
    assert printed(found) == cards
    assert [file.name for file in found[:-1]] == [f"letters-{number:04}.pdf" for number in range(1, len(files) + 1)]


def test_a_file_of_sheets_has_a_thousand_cards(tmp_path: Path) -> None:
    assert CARDS_PER_FILE["sheets"] == 1000
    found = planned(tmp_path, many({"A": 999, "B": 2}), "sheets")
    assert sites_of(found) == [[("A", 1, 999)], [("B", 1, 2)]]


def test_contents_come_last_and_have_every_stretch(tmp_path: Path) -> None:
    found = planned(tmp_path, many({"A": 400, "B": 400}))
    contents = found[-1]
    assert isinstance(contents, ContentsFile)
    assert contents.name == "contents.pdf"
    assert [(each.site, each.file, each.cards) for each in contents.stretches] == [
        ("A", "letters-0001.pdf", 400),
        ("B", "letters-0002.pdf", 400),
    ]


def test_long_contents_are_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(print_run, "ROWS_PER_CONTENTS", 2)
    found = planned(tmp_path, many({"A": 1, "B": 1, "C": 1, "D": 1, "E": 1}))
    assert [file.name for file in found[1:]] == ["contents.pdf", "contents-2.pdf", "contents-3.pdf"]


def test_files_are_planned_one_at_a_time(tmp_path: Path) -> None:
    with PrintRun(tmp_path, "letters", work=tmp_path) as run:
        run.add_many(many({"A": 500, "B": 500, "C": 500}))
        first = next(run.tasks())
        assert isinstance(first.file, PrintFile)
        assert first.file.sites[0].site == "A"


def test_a_task_can_be_pickled(tmp_path: Path) -> None:
    with PrintRun(tmp_path, "sheets", work=tmp_path) as run:
        run.add_many(many({"A": 3}))
        for task in run.tasks():
            assert pickle.loads(pickle.dumps(task)) == task


# --- the run ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["letters", "sheets"])
def test_a_run_writes_its_files_and_their_contents(tmp_path: Path, layout: Layout) -> None:
    cards = many({"Bệnh viện A": 12, "Trạm Y tế B": 3, None: 2})
    with PrintRun(tmp_path, layout, work=tmp_path) as run:
        run.add_many(cards)
        names = run.finish()
    assert names == (f"{layout}-0001.pdf", "contents.pdf", CONTENTS_TABLE)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    texts = "".join("".join(pages(tmp_path / names[0])).split())
    assert all(one.certificate_id in texts for _, one in cards)
    assert "Chưa ghi cơ sở" in pages(tmp_path / "contents.pdf")[0]


def test_every_code_of_a_run_is_read_back_at_150_dots_per_inch(tmp_path: Path) -> None:
    cards = many({f"Trạm Y tế {each}": 20 for each in range(3)})
    with PrintRun(tmp_path, "letters", work=tmp_path) as run:
        run.add_many(cards)
        run.finish()
    found = [
        [each.text for each in qr_reader.glance(page.render(scale=150 / 72, grayscale=True).to_pil()).readings]
        for page in pypdfium2.PdfDocument(tmp_path / "letters-0001.pdf")
    ]
    assert [text for texts in found for text in texts] == [one.text for _, one in cards]
    assert max(map(len, found)) == 1


def test_the_table_has_sites_files_and_pages_and_nobody(tmp_path: Path) -> None:
    with PrintRun(tmp_path, "sheets", work=tmp_path) as run:
        run.add_many([("=1+1", card(1)), ("Trạm, A", card(2)), (None, card(3))])
        run.finish()
    content = (tmp_path / CONTENTS_TABLE).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")  # Excel takes it for UTF-8
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert [row["site"] for row in rows] == ["'=1+1", "Trạm, A", ""]
    assert rows[0] == {
        "file": "sheets-0001.pdf",
        "site": "'=1+1",
        "continued": "no",
        "first_page": "2",
        "last_page": "3",
        "certificates": "1",
    }
    assert b"Nguy" not in content
    assert b"UVCI" not in content


def test_a_run_without_cards_has_no_files(tmp_path: Path) -> None:
    with PrintRun(tmp_path, "letters", work=tmp_path) as run:
        assert run.finish() == ()
    assert not list(tmp_path.iterdir())


def test_processes_make_the_same_files(tmp_path: Path) -> None:
    cards = many({"A": 6, "B": 5})
    contents = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        folder.mkdir()
        with PrintRun(folder, "sheets", work=folder) as run:
            run.add_many(cards)
            names = run.finish(
                lambda function, tasks, workers=workers: ordered_map(  # type: ignore[misc]
                    function, tasks, workers=workers, initializer=use_one_core if workers > 1 else None
                )
            )
        contents.append([(folder / name).read_bytes() for name in names])
    assert contents[0] == contents[1]


def test_a_file_can_be_made_again(tmp_path: Path) -> None:
    with PrintRun(tmp_path, "letters", work=tmp_path) as run:
        run.add_many(many({"A": 2}))
        task = next(run.tasks())
    assert render(task) == "letters-0001.pdf"
    first = (tmp_path / "letters-0001.pdf").read_bytes()
    (tmp_path / "letters-0001.pdf").write_bytes(b"cut off")
    render(task)
    assert (tmp_path / "letters-0001.pdf").read_bytes() == first


def test_a_text_that_no_qr_code_holds_stops_the_run_and_leaves_no_spool(tmp_path: Path) -> None:
    with PrintRun(tmp_path, "letters", work=tmp_path) as run:
        run.add("A", replace(CARD, text=hc1(1, 5000)))
        with pytest.raises(QrError):
            run.finish()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with PrintRun(tmp_path / "none", "letters", work=tmp_path) as run:
        run.add("A", CARD)
        with pytest.raises(StorageError, match=r"letters-0001\.pdf cannot be written"):
            run.finish()


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    with PrintRun(tmp_path, "letters", work=tmp_path) as run:
        run.add("A", CARD)
        names = run.finish()
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in names} == {0o600}


def test_one_core_is_for_typesetting_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYON_NUM_THREADS", "7")
    use_one_core()
    import os  # noqa: PLC0415 - to look at what was set

    assert os.environ["RAYON_NUM_THREADS"] == "1"


def test_people_of_a_site_are_numbered_without_a_gap(tmp_path: Path) -> None:
    found = planned(tmp_path, many({"A": 700, "B": 650}))
    stretches = [each for file in found if isinstance(file, PrintFile) for each in file.sites]
    for _, group in groupby(stretches, key=lambda each: each.site):
        expected = 1
        for each in group:
            assert each.first == expected
            expected += len(each.cards)


def test_a_task_says_where_its_file_stands(tmp_path: Path) -> None:
    with PrintRun(tmp_path, "letters", work=tmp_path) as run:
        run.add("A", CARD)
        tasks = list(run.tasks())
    assert {task.folder for task in tasks} == {tmp_path}
    assert all(isinstance(task, PrintTask) for task in tasks)
