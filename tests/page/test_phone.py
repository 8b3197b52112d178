"""`followspot token --phone`: one command, and a phone is in: a real certificate, a real page, a real browser."""

import asyncio
import hashlib
import shutil
import ssl
import subprocess
import threading

import pytest
from called import called
from demo_feed import DemoFeed
from promise import HANG_S
from real_chromium import installed, start_chromium

from controller.__main__ import main
from controller.commands.phone import invite
from controller.config import read_config
from controller.errors import ConfigError
from controller.watching.page.access import Access
from controller.watching.page.server import Page
from controller.watching.process import tls_of


@pytest.fixture
def venue(tmp_path, require_real):
    require_real("openssl", shutil.which("openssl"))
    done = called(main, "init", "--yes", "--out", "v.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path / "v.yaml"


def let_in(venue, *more):
    return called(main, "token", "Ana, FOH", "--phone", "--config", venue, "--yes", *more)


def link_of(done):
    return next(word for word in done.stdout.split() if "#token=" in word)


def test_token_certificate_and_lines_are_made_together(venue):
    done = let_in(venue, "--host", "10.66.0.1", "--role", "admin")
    assert done.returncode == 0, done.stderr
    page = read_config(venue).page
    token = link_of(done).partition("#token=")[2]
    assert link_of(done).startswith("https://10.66.0.1:8100/#token=")
    assert [(one.name, one.role) for one in page.access] == [("Ana, FOH", "admin")]
    assert page.access[0].token_sha256 == hashlib.sha256(token.encode()).hexdigest()
    assert token not in venue.read_text()
    assert (venue.parent / "page.key").stat().st_mode & 0o777 == 0o600
    said = subprocess.run(
        ["openssl", "x509", "-in", venue.parent / "page.crt", "-noout", "-text", "-fingerprint", "-sha256"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "IP Address:10.66.0.1" in said
    assert said.strip().splitlines()[-1].partition("=")[2] in done.stdout
    assert isinstance(tls_of(read_config(venue)), ssl.SSLContext)  # the patch page has it, too
    certificate = (venue.parent / "page.crt").read_bytes()
    again = called(main, "token", "Ben", "--phone", "--config", venue, "--yes")  # the address and certificate stay
    assert again.returncode == 0, again.stderr
    assert len(read_config(venue).page.access) == 2
    assert (venue.parent / "page.crt").read_bytes() == certificate


def test_what_cannot_be_leaves_everything_as_it_was(venue):
    before = venue.read_text()
    said = []
    assert not invite(venue, "Ana", "viewer", "10.66.0.1", ask=lambda _: "n", say=said.append)
    (venue.parent / "page.crt").write_text("somebody's")
    done = let_in(venue, "--host", "10.66.0.1")
    assert (done.returncode, "page.crt: is there already" in done.stderr) == (1, True)
    (venue.parent / "page.crt").unlink()
    done = let_in(venue, "--host", "not a host!, DNS:x\n")
    assert (done.returncode, venue.read_text()) == (1, before)
    assert sorted(one.name for one in venue.parent.iterdir()) == ["v.yaml"]
    let_in(venue, "--host", "10.66.0.1")
    with pytest.raises(ConfigError, match="'Ana, FOH' has a token"):
        invite(venue, "Ana, FOH", "viewer", None, ask=lambda _: "y", say=print)


def test_the_link_of_the_code_signs_a_browser_in_and_is_gone_from_its_address(venue, tmp_path, require_real):
    require_real("Chromium", installed())
    link = link_of(let_in(venue, "--host", "127.0.0.1"))
    config = read_config(venue)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    page = Page(10.0, Access(config.page.access), tls=tls_of(config))
    serving = asyncio.run_coroutine_threadsafe(page.serve(DemoFeed(loop.time), "127.0.0.1", 0), loop)
    asyncio.run_coroutine_threadsafe(page.serving.wait(), loop).result(HANG_S)
    browser = start_chromium(tmp_path / "profile", "--ignore-certificate-errors")
    try:
        from selenium.webdriver.support.ui import WebDriverWait

        browser.get(link.replace(":8100", f":{page.address[1]}"))
        live = "return document.getElementById('health')?.textContent === 'LIVE'"
        WebDriverWait(browser, HANG_S, poll_frequency=0.05).until(lambda _: browser.execute_script(live))
        assert browser.execute_script("return [location.hash, location.pathname]") == ["", "/"]
    finally:
        browser.quit()
        serving.cancel()
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.7), loop).result(HANG_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
