"""Reports on both databases: the daily form and its files, statistics, coverage, rates, who may read what."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import openpyxl
import pypdfium2
import pytest

from tests.booked_site import BookedSite
from tests.registry_fixture import MORNING, area
from tests.stocked_site import new_site
from tests.visited_site import AZ, PFIZER, VisitedSite
from vaxcert.errors import NotAllowedError, NotRegisteredError, ReportError, RequestError, UnprintableTextError
from vaxcert.model.areas import AreaLevel
from vaxcert.registry.doses.paper import PaperKind
from vaxcert.registry.reports.daily_store import FIRST_DAY
from vaxcert.registry.reports.dimensions import Dimension
from vaxcert.registry.reports.rates_store import RateKey
from vaxcert.registry.visits.visit import VisitOutcome
from vaxcert.service.registry.appointments.upkeep import MarkMissed, mark_missed
from vaxcert.service.registry.doses.entered import enter_paper_dose
from vaxcert.service.registry.doses.entered_form import EnterPaperDose
from vaxcert.service.registry.people.duplicates import MergePeople, merge_people
from vaxcert.service.registry.people.register import RegisterPerson, register_person
from vaxcert.service.registry.reactions.told import TellReaction, tell_reaction
from vaxcert.service.registry.reports import statistics as reports_statistics
from vaxcert.service.registry.reports.coverage import (
    CoverageBy,
    CoverageQuestion,
    Population,
    keep_population,
    show_coverage,
)
from vaxcert.service.registry.reports.daily import (
    DailyForm,
    DailyFormFile,
    DailyFormQuestion,
    daily_form_file,
    show_daily_form,
)
from vaxcert.service.registry.reports.files import ReportFormat
from vaxcert.service.registry.reports.rates import (
    RatesQuestion,
    UtilisationQuestion,
    show_reaction_rates,
    show_utilisation,
)
from vaxcert.service.registry.reports.statistics import (
    PublicQuestion,
    Statistics,
    StatisticsQuestion,
    count_doses,
    count_doses_publicly,
)
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.sites import ChangeSite, change_site
from vaxcert.service.registry.stock.usable import use_dose
from vaxcert.service.registry.visits.board import CloseVisit, RecordNoShow, close_visit, record_no_show

if TYPE_CHECKING:
    from tests.registry_fixture import RegistryUnderTest

PAPER_DAY = date(2026, 1, 15)


@dataclass
class Played:
    """A morning in two provinces: six doses in one and one in the other, and what else became of people."""

    registry: RegistryUnderTest
    here: VisitedSite
    there: UUID
    doses: list[UUID] = field(default_factory=list)

    @classmethod
    def of(cls, registry: RegistryUnderTest) -> Played:
        here = VisitedSite(registry, "51901")
        played = cls(registry, here, new_site(registry, "24901", area="24"))
        for born, sex, product in (
            ("1984-03-18", "female", PFIZER),
            ("1990-01-02", "male", PFIZER),
            ("1950-05-06", "female", PFIZER),
            ("1971-08-09", "male", AZ),
        ):
            played.doses.append(here.vaccinate(here.person(born, sex=sex), product).dose)
        here.vaccinate(here.person("1999-09-09", sex=None), AZ)
        for outcome in (VisitOutcome.DEFERRED, VisitOutcome.REFUSED):
            request = CloseVisit(visit=here.arrive(here.person()), outcome=outcome, reason="sốt")
            registry.run(close_visit, request, role=Role.SCREENER, site=here.site)
        absent = RecordNoShow(site=here.site, person=here.person())
        registry.run(record_no_show, absent, role=Role.SITE_ADMIN, site=here.site)
        somebody, slip = here.person("1960-01-01"), PaperKind.CONFIRMATION_SLIP
        paper = EnterPaperDose(person=somebody, product=AZ, given_on=PAPER_DAY, site=here.site, paper=slip)
        registry.run(enter_paper_dose, paper, role=Role.RECEPTIONIST, site=here.site)
        for dose, tick in zip(played.doses, ("fever", "breathing"), strict=False):
            registry.run(tell_reaction, TellReaction(dose=dose, ticks=(tick,)), role=Role.RECEPTIONIST, site=here.site)
        return played

    def form(self, role: Role = Role.PROVINCE, site: UUID | None = None, **asked: object) -> DailyForm:
        request = DailyFormQuestion(**asked)  # type: ignore[arg-type] # a test's own fields
        return self.registry.run(show_daily_form, request, role=role, site=site)

    def file(self, kind: ReportFormat) -> bytes:
        request = DailyFormFile(format=kind, area="51")
        document = self.registry.run(daily_form_file, request, role=Role.PROVINCE)
        assert document.name == f"bao-cao-ngay-2026-03-02.{kind}"
        return document.content

    def counted(self, *by: Dimension, role: Role = Role.PROVINCE, **asked: object) -> Statistics:
        request = StatisticsQuestion(by=list(by), **asked)  # type: ignore[arg-type] # a test's own fields
        return self.registry.run(count_doses, request, role=role)


@pytest.fixture(scope="module")
def played_once(shared_registry: RegistryUnderTest) -> Played:
    return Played.of(shared_registry)


@pytest.fixture
def played(played_once: Played) -> Played:
    played_once.registry.at = MORNING + timedelta(hours=9)
    return played_once


def rows_of(statistics: Statistics) -> dict[tuple[str | None, ...], int | None]:
    return {tuple(row.keys): row.doses for row in statistics.rows}


def test_s29_the_daily_form_has_every_outcome_in_its_column(played: Played) -> None:
    total = played.form().total
    assert (total.subjects, total.injected, total.basic_1, total.used) == (8, 5, 5, 5)
    assert (total.deferred, total.refused, total.absent) == (1, 1, 1)
    assert (total.ordinary_reactions, total.severe_events) == (1, 1)


def test_s29_rows_are_by_site_and_vaccine(played: Played) -> None:
    form = played.form()
    assert {(row.site_code, row.product): row.numbers.injected for row in form.today} == {
        ("51901", PFIZER): 3,
        ("51901", AZ): 2,
        ("51901", None): 0,
    }
    assert form.differences == []
    assert form.unit == "Tỉnh Quảng Ngãi"


def test_s28_a_dose_from_paper_is_told_apart_and_needs_no_stock(played: Played) -> None:
    form = played.form(day=PAPER_DAY)
    assert (form.total.injected, form.total.entered, form.total.used) == (1, 1, 0)
    assert form.differences == []
    cumulative = played.form().cumulative_total
    assert (cumulative.injected, cumulative.entered) == (6, 1)


def test_e14_a_use_without_its_dose_is_named(played: Played) -> None:
    registry = played.registry
    registry.later(days=10)
    site = VisitedSite(registry, "51902")
    lot = site.lot(AZ)
    with registry.desk.working(registry.actor(Role.VACCINATOR, site.site), registry.at) as work:
        use_dose(work, site.site, lot.id, None, uuid4())
    form = played.form(Role.SITE_ADMIN, site.site)
    assert [(each.site, each.product, each.doses) for each in form.differences] == [(site.site, AZ, -1)]
    request = DailyFormFile(format=ReportFormat.CSV)
    told = registry.run(daily_form_file, request, role=Role.SITE_ADMIN, site=site.site).content.decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(told)))["used"] == "1"


def test_s26_who_had_a_place_and_did_not_come_stands_under_the_round_of_the_day(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    slot, *_ = site.slots()
    for number in (1, 2):
        site.book(site.somebody(number), slot)
    registry.later(days=1, hours=12)
    registry.run(mark_missed, MarkMissed(site=site.site), role=Role.SITE_ADMIN, site=site.site)
    form = registry.run(show_daily_form, DailyFormQuestion(), role=Role.PROVINCE)
    (row,) = form.today
    assert (row.round, row.product, row.numbers.absent, row.numbers.subjects) == ("Chiến dịch mùa xuân", None, 2, 2)
    request = DailyFormFile(format=ReportFormat.XLSX)
    content = registry.run(daily_form_file, request, role=Role.PROVINCE).content
    (sheet,) = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    cells = [cell.value for row in sheet.iter_rows() for cell in row]
    assert "Chiến dịch mùa xuân" in cells
    assert "—" in cells


def test_a_site_that_cannot_be_printed_is_in_the_workbook(registry: RegistryUnderTest) -> None:
    site = VisitedSite(registry)
    lot = site.lot(AZ)
    request = ChangeSite(site=site.site, name="Trạm y tế 😷")
    registry.run(change_site, request, role=Role.SITE_ADMIN, site=site.site)
    with registry.desk.working(registry.actor(Role.VACCINATOR, site.site), registry.at) as work:
        use_dose(work, site.site, lot.id, None, uuid4())
    with pytest.raises(UnprintableTextError) as caught:
        registry.run(daily_form_file, DailyFormFile(format=ReportFormat.PDF), role=Role.PROVINCE)
    assert caught.value.hint == "the workbook shows it"
    registry.run(daily_form_file, DailyFormFile(format=ReportFormat.XLSX), role=Role.PROVINCE)


def test_a_day_to_come_and_an_area_that_is_none_are_refused(played: Played) -> None:
    with pytest.raises(RequestError, match="day"):
        played.form(day=date(2026, 3, 3))
    with pytest.raises(RequestError, match="area"):
        played.form(area="99")
    with pytest.raises(NotRegisteredError):
        played.form(site=uuid4())


def test_s34_a_report_is_of_what_the_account_may_see(played: Played) -> None:
    with pytest.raises(NotAllowedError):
        played.form(area="24")
    with pytest.raises(NotAllowedError):
        played.form(area="VN")
    with pytest.raises(NotAllowedError):
        played.registry.run(show_daily_form, DailyFormQuestion(site=played.there), role=Role.PROVINCE)
    with pytest.raises(NotAllowedError):
        played.registry.run(show_daily_form, DailyFormQuestion(area="51"), role=Role.SITE_ADMIN, site=played.here.site)
    with pytest.raises(NotAllowedError):
        played.registry.run(show_daily_form, DailyFormQuestion(), role=Role.VACCINATOR, site=played.here.site)
    everywhere = played.registry.run(show_daily_form, DailyFormQuestion(), role=Role.CENTRE)
    assert everywhere.unit == "Cả nước"
    assert everywhere.total.injected == 5


def test_s29_the_workbook_has_the_rows_of_the_form(played: Played) -> None:
    (sheet,) = openpyxl.load_workbook(io.BytesIO(played.file(ReportFormat.XLSX))).worksheets
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0][0] == "Tỉnh Quảng Ngãi"
    assert "43/QĐ-BYT" in cells[1][0]
    row = next(row for row in cells if row[3] == "Pfizer (Comirnaty)")
    assert (row[1], row[4], row[10], row[16], row[17]) == ("Trạm y tế 51901", 3, 3, 3, 3)
    assert any(row[1] == "Tổng cộng" for row in cells)


def test_s29_the_csv_file_is_for_programs(played: Played) -> None:
    text = played.file(ReportFormat.CSV).decode("utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["site"] == "Trạm y tế 51901"]
    assert {row["section"] for row in rows} == {"day", "cumulative"}
    assert sum(int(row["injected"]) for row in rows if row["section"] == "day") == 5


def test_s29_the_printed_form_has_both_sections_and_room_to_sign(played: Played) -> None:
    with pypdfium2.PdfDocument(played.file(ReportFormat.PDF)) as document:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    for words in ("BÁO CÁO KẾT QUẢ TIÊM CHỦNG", "I. Trong ngày", "II. Cộng dồn", "Thủ trưởng đơn vị", "khớp với sổ"):
        assert words in text


def test_a_form_that_is_too_long_for_paper_is_refused(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaxcert.service.registry.reports.daily.MAX_PRINTED_ROWS", 2)
    with pytest.raises(RequestError, match="format"):
        played.file(ReportFormat.PDF)


@pytest.mark.parametrize(
    ("dimension", "rows"),
    [
        (Dimension.DAY, {("2026-01-15",): 1, ("2026-03-02",): 5}),
        (Dimension.MONTH, {("2026-01-01",): 1, ("2026-03-01",): 5}),
        (Dimension.PRODUCT, {(PFIZER,): 3, (AZ,): 3}),
        (Dimension.DOSE, {("basic_1",): 6}),
        (Dimension.SEX, {("female",): 3, ("male",): 2, (None,): 1}),
        (Dimension.AGE, {("18-29",): 1, ("30-39",): 1, ("40-49",): 1, ("50-59",): 1, ("65-79",): 2}),
        (Dimension.SOURCE, {("visit",): 5, ("retro",): 1}),
        (Dimension.AREA, {("51@2025-07-01",): 6}),
        (Dimension.RESIDENCE, {("51@2025-07-01",): 6}),
        (Dimension.GROUP, {(None,): 6}),
    ],
)
def test_s23_doses_are_counted_by_each_dimension(
    played: Played, dimension: Dimension, rows: dict[tuple[str | None, ...], int]
) -> None:
    found = played.counted(dimension)
    assert rows_of(found) == rows
    assert found.total == 6


def test_s23_dimensions_go_together(played: Played) -> None:
    found = played.counted(Dimension.PRODUCT, Dimension.SEX, first=date(2026, 3, 1))
    assert rows_of(found) == {(PFIZER, "female"): 2, (PFIZER, "male"): 1, (AZ, "male"): 1, (AZ, None): 1}
    assert [row.names for row in found.rows if row.keys == [PFIZER, "male"]] == [["Pfizer (Comirnaty)", "male"]]
    by_site = played.counted(Dimension.SITE, Dimension.LOT)
    assert {(row.names[0], row.doses) for row in by_site.rows} == {("Trạm y tế 51901", 3), ("Trạm y tế 51901", 2)} | {
        ("Trạm y tế 51901", 1)
    }


def test_a_question_that_cannot_be_is_refused(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RequestError, match="by"):
        played.counted(Dimension.SEX, Dimension.SEX)
    with pytest.raises(RequestError, match="last"):
        played.counted(Dimension.SEX, first=date(2026, 3, 2), last=date(2026, 3, 1))
    with pytest.raises(NotAllowedError):
        played.counted(Dimension.SEX, area="24")
    monkeypatch.setattr(reports_statistics, "MAX_ROWS", 1)
    with pytest.raises(ReportError):
        played.counted(Dimension.PRODUCT)


def test_s34_outsiders_are_told_no_small_count(played: Played) -> None:
    def asked(*by: Dimension) -> Statistics:
        request = PublicQuestion(by=list(by))
        return played.registry.run(count_doses_publicly, request, role=Role.SUPPORT)

    last_month = asked(Dimension.SEX)  # the one dose from paper is January's; March is told in April
    assert [row.doses for row in last_month.rows] == [None]
    assert last_month.total is None
    played.registry.later(days=30)
    found = asked(Dimension.SEX)
    assert (found.first, found.last) == (FIRST_DAY, date(2026, 3, 31))
    assert {row.doses for row in found.rows} == {None}
    assert found.withheld_below == 5
    assert rows_of(asked(Dimension.DOSE)) == {("basic_1",): 6}
    for dimension in (Dimension.DAY, Dimension.SITE, Dimension.LOT):
        with pytest.raises(RequestError, match="by"):
            asked(dimension)


def test_s23_coverage_counts_people_once(played: Played) -> None:
    def asked(**fields: object) -> dict[str | None, tuple[int, int, int]]:
        request = CoverageQuestion(area="51", **fields)  # type: ignore[arg-type] # a test's own fields
        found = played.registry.run(show_coverage, request, role=Role.PROVINCE)
        assert found.total.registered == sum(row.registered for row in found.rows)
        return {row.key: (row.registered, row.one_dose, row.primary) for row in found.rows}

    assert asked() == {"51@2025-07-01": (9, 6, 0)}
    assert asked(day=PAPER_DAY) == {"51@2025-07-01": (9, 1, 0)}
    assert asked(by=CoverageBy.SEX) == {"female": (6, 3, 0), "male": (2, 2, 0), None: (1, 1, 0)}
    assert asked(by=CoverageBy.AGE)["65-79"] == (2, 2, 0)
    assert asked(from_age=60) == {"51@2025-07-01": (2, 2, 0)}
    with pytest.raises(RequestError, match="to_age"):
        asked(from_age=60, to_age=50)


def test_s23_shares_are_of_the_population_where_it_is_known(played: Played) -> None:
    registry = played.registry

    def share() -> tuple[int | None, float | None]:
        (row,) = registry.run(show_coverage, CoverageQuestion(area="51", from_age=18), role=Role.PROVINCE).rows
        return row.population, row.one_dose_percent

    assert share() == (None, 66.67)
    request = Population(area="51", from_age=18, people=12, source="Niên giám thống kê 2025")
    assert registry.run(keep_population, request, role=Role.CENTRE).area == area("51")
    assert share() == (12, 50.0)
    with pytest.raises(RequestError, match="area"):
        registry.run(keep_population, Population(area="98", people=1, source="x"), role=Role.CENTRE)


def test_a_merged_entry_is_not_counted_as_a_person(played: Played) -> None:
    registry = played.registry
    two = [
        registry.run(
            register_person,
            RegisterPerson(family_name="Lê", given_name=name, birth_date="1935-01-01", area="51"),
            role=Role.RECEPTIONIST,
        )
        for name in ("Văn Bảy", "Văn Bẩy")
    ]

    def of_eighty() -> int:
        request = CoverageQuestion(area="51", from_age=80, level=AreaLevel.PROVINCE)
        return registry.run(show_coverage, request, role=Role.PROVINCE).total.registered

    assert of_eighty() == 2
    request = MergePeople(
        merged=two[0].id,
        merged_version=two[0].version,
        survivor=two[1].id,
        survivor_version=two[1].version,
        reason="một người",
    )
    registry.run(merge_people, request, role=Role.PROVINCE)
    assert of_eighty() == 1


def test_s30_reactions_are_told_per_100000_by_vaccine_and_lot(played: Played) -> None:
    def asked(by: RateKey) -> dict[tuple[str, str | None], tuple[int, int, int]]:
        found = played.registry.run(show_reaction_rates, RatesQuestion(by=by), role=Role.PROVINCE)
        return {(row.product, row.key): (row.doses, row.all.cases, row.serious.cases) for row in found.rows}

    assert asked(RateKey.PRODUCT) == {(PFIZER, None): (3, 2, 1), (AZ, None): (3, 0, 0)}
    assert asked(RateKey.LOT)[PFIZER, played.here.lot(PFIZER).number] == (3, 2, 1)
    assert asked(RateKey.SITE)[PFIZER, str(played.here.site)] == (3, 2, 1)
    assert asked(RateKey.DOSE)[PFIZER, "1"] == (3, 2, 1)
    rows = played.registry.run(show_reaction_rates, RatesQuestion(), role=Role.PROVINCE).rows
    assert rows[0].serious.per_100000 == 33_333.33
    assert rows[0].serious.lower is not None
    request = RatesQuestion(first=date(2026, 3, 2), last=date(2026, 3, 1))
    with pytest.raises(RequestError, match="last"):
        played.registry.run(show_reaction_rates, request, role=Role.PROVINCE)


def test_s23_what_became_of_the_vaccine_is_told(played: Played) -> None:
    request = UtilisationQuestion(site=played.here.site)
    rows = played.registry.run(show_utilisation, request, role=Role.SITE_ADMIN, site=played.here.site).rows
    assert {row.product: (row.came, row.used, row.discarded, row.left) for row in rows} == {
        PFIZER: (100, 3, 0, 97),
        AZ: (100, 2, 0, 98),
    }
    for row in rows:
        assert row.came == row.used + row.discarded + row.gone + row.missing + row.left
