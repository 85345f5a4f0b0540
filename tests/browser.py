"""A real browser for tests: Debian's or any other Chromium, driven in a thread of its own, since Playwright's loop and
that of the asynchronous tests do not bear each other."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
import uvicorn
from datasette.app import Datasette

T = TypeVar("T")
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def executable() -> str:
    """Path of a Chromium. Without one the tests that need it are skipped; with KB_REQUIRE_BROWSER=1 they fail."""
    if path := next(filter(None, map(shutil.which, _NAMES)), None):
        return path
    reason = "no Chromium on the PATH (Debian: apt install chromium)"
    if os.environ.get("KB_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def serving(datasette: Datasette) -> Iterator[str]:
    """The site on a free port of this machine; gives its address."""
    server = uvicorn.Server(uvicorn.Config(datasette.app(), port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
        assert thread.is_alive(), "the server did not start"
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


class Browser:
    """Runs functions of a Playwright page; keeps what went wrong on the pages they visited."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.wrong: list[str] = []
        self._thread = ThreadPoolExecutor(1)
        self._thread.submit(self._start).result()

    def _start(self) -> None:
        from playwright.sync_api import sync_playwright

        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=executable(), args=_FLAGS)

    def __call__(self, journey: Callable[[Any], T], width: int = 1280, **options: Any) -> T:
        """What ``journey`` returns, given a page of that width at the site's home."""
        return self._thread.submit(self._run, journey, width, options).result()

    def _run(self, journey: Callable[[Any], T], width: int, options: dict[str, Any]) -> T:
        context = self._browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True, **options)
        page = context.new_page()
        page.on("console", lambda message: self.wrong.append(f"{page.url}: {message.text}")
                if message.type in ("error", "warning") else None)
        page.on("request", lambda request: self.wrong.append(f"{page.url}: asks for {request.url}")
                if not request.url.startswith((self.address, "data:")) else None)
        try:
            page.goto(self.address)
            return journey(page)
        finally:
            context.close()

    def close(self) -> None:
        """Ends the browser."""
        def stop() -> None:
            self._browser.close()
            self._playwright.stop()
        self._thread.submit(stop).result()
        self._thread.shutdown()
