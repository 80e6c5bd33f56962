"""The page at `/` in a real browser: by upload, by paste, and through a camera that shows a card."""

from __future__ import annotations

import os
import shutil
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.not_run import not_run
from tests.web_office import card, expired_text, new_office, running, tampered_text, valid_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Playwright

WAIT = 20_000
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
CASES = {
    "valid": (valid_text, "valid", "VALID", None),
    "expired": (expired_text, "rejected", "NOT VALID", "expired"),
    "tampered": (tampered_text, "rejected", "NOT VALID", "bad_signature"),
}


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        not_run("no Chromium is installed (Debian: chromium)")
    return found


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    program = chromium()
    assert program
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    opened = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with new_office() as web, running(web.app) as address:
        yield address


def opened(browser: Browser, address: str, *, lang: str = "en-GB", size: dict[str, int] = PHONE) -> Page:
    page = browser.new_context(locale=lang, viewport=size).new_page()  # type: ignore[arg-type] # a table of its fields
    page.set_default_timeout(WAIT)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.problems = problems  # type: ignore[attr-defined] # read at the end of a test
    page.goto(address)
    return page


def with_camera(playwright: Playwright, folder: Path, frame: bytes) -> Browser:
    """Return a browser whose camera sees *frame*, a JPEG."""
    film = folder / "camera.mjpeg"
    film.write_bytes(frame * 3)
    return playwright.chromium.launch(
        executable_path=chromium(),
        args=[
            "--no-sandbox",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ],
    )


def check_verdict(page: Page, outcome: str, word: str, code: str | None) -> None:
    panel = page.locator("#verdict")
    panel.wait_for(state="visible")
    assert panel.get_attribute("data-outcome") == outcome
    assert panel.get_attribute("data-code") == (code or "")
    assert page.locator("#word").inner_text() == word
    assert page.locator("#announce").inner_text().startswith(word)
    assert page.locator("#holder").is_visible() == (outcome == "valid"), "only a valid one says whose it is"
    assert page.problems == []  # type: ignore[attr-defined] # set by `opened`


@pytest.mark.parametrize("name", CASES)
def test_a_picture_is_uploaded_and_the_verdict_seen(name: str, browser: Browser, address: str, tmp_path: Path) -> None:
    text, outcome, word, code = CASES[name]
    picture = tmp_path / "card.png"
    picture.write_bytes(card(text()))
    page = opened(browser, address)
    page.set_input_files("#file", picture)
    check_verdict(page, outcome, word, code)
    if name == "valid":
        assert page.locator("#name").inner_text() == "Nguyễn Thị Mẫu"
        assert page.locator("#born").inner_text() == "Born 10/10/1983"
        assert page.locator(".dose").inner_text() == "Dose 2/2"
    _shoot(page, f"upload-{name}-phone")


@pytest.mark.parametrize("name", CASES)
def test_a_camera_shows_a_card_and_the_verdict_is_seen(
    name: str, playwright: Playwright, address: str, tmp_path: Path
) -> None:
    text, outcome, word, code = CASES[name]
    browser = with_camera(playwright, tmp_path, _frame(card(text())))
    page = opened(browser, address)
    page.click("#scan")
    check_verdict(page, outcome, word, code)
    assert page.locator("#camera").is_hidden(), "the camera is off again"
    browser.close()


def test_a_camera_without_a_card_looks_on_until_it_is_turned_off(
    playwright: Playwright, address: str, tmp_path: Path
) -> None:
    browser = with_camera(playwright, tmp_path, _frame(None))
    page = opened(browser, address)
    with page.expect_response(lambda answer: answer.url.endswith("/scans/frames")) as looked:
        page.click("#scan")
    assert looked.value.json()["verdicts"][0]["code"] == "no_qr_code"
    _shoot(page, "camera-phone")
    page.click("#stop")
    page.locator("#camera").wait_for(state="hidden")
    assert page.locator("#verdict").is_hidden()
    assert page.problems == []  # type: ignore[attr-defined] # set by `opened`
    browser.close()


def test_a_pasted_text_is_verified_and_said_again_in_the_other_language(browser: Browser, address: str) -> None:
    page = opened(browser, address, lang="vi-VN", size=DESKTOP)
    _shoot(page, "start-desktop")
    assert page.title() == "Kiểm tra chứng nhận tiêm chủng"
    page.fill("#text", f"  {valid_text()}\n")
    page.click("#typed button")
    check_verdict(page, "valid", "HỢP LỆ", None)
    _shoot(page, "valid-desktop")
    page.click('[data-lang="en"]')
    check_verdict(page, "valid", "VALID", None)
    page.click("#clear")
    page.locator("#verdict").wait_for(state="hidden")
    assert page.locator("#name").text_content() == "", "nothing of the holder is left on the page"


def test_what_is_no_certificate_is_called_so(browser: Browser, address: str, tmp_path: Path) -> None:
    page = opened(browser, address)
    _shoot(page, "start-phone")
    page.fill("#text", "hello")
    page.click("#typed button")
    check_verdict(page, "none", "NOT A CERTIFICATE", "unknown_prefix")
    page.click("#again")
    blank = tmp_path / "blank.png"
    Image.new("L", (300, 300), 255).save(blank)
    page.set_input_files("#file", blank)
    check_verdict(page, "none", "NOT A CERTIFICATE", "no_qr_code")


def test_an_empty_text_is_asked_for(browser: Browser, address: str) -> None:
    page = opened(browser, address)
    page.click("#typed button")
    page.locator("#problem").wait_for(state="visible")
    assert "HC1:" in page.locator("#problem").inner_text()


def test_everything_is_reached_by_keyboard(browser: Browser, address: str) -> None:
    page = opened(browser, address, size=DESKTOP)
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"scan", "file", "text"} <= reached


def test_nothing_is_loaded_from_elsewhere_and_small_screens_need_no_scrolling_sideways(
    browser: Browser, address: str
) -> None:
    page = opened(browser, address, size={"width": 320, "height": 640})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    assert asked
    assert all(url.startswith((address, "data:")) for url in asked)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def _frame(png: bytes | None) -> bytes:
    """Return a camera's picture of a table, with the card in *png* lying there not quite straight."""
    table = Image.new("RGB", (1280, 720), (96, 88, 80))
    if png is not None:
        code = Image.open(BytesIO(png)).convert("RGB").resize((560, 560))
        table.paste(code.rotate(4, expand=True, fillcolor=(96, 88, 80)), (340, 60))
    out = BytesIO()
    table.save(out, "JPEG", quality=85)
    return out.getvalue()


def _shoot(page: Page, name: str) -> None:
    """Take a picture of the page for somebody to look at, where a folder for it is named."""
    folder = os.environ.get("VAXCERT_SCREENSHOTS")
    if folder:
        page.wait_for_timeout(300)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
