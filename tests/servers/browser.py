"""Chromium without a window, driven by the DevTools protocol: opens a page as a person would have it on a screen."""

import asyncio
import base64
import itertools
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.servers.program import ProgramError

LIMIT = 60.0
"""Seconds for the start, and for each answer, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Sizes in CSS pixels."""

    width: int
    height: int
    dark: bool = False

    def __str__(self) -> str:
        return f"{self.width}-{'dark' if self.dark else 'light'}"


@dataclass
class Tab:
    """One page."""

    socket: aiohttp.ClientWebSocketResponse
    requests: list[str] = field(default_factory=list)
    """The addresses of all that was asked for since `open`."""
    problems: list[str] = field(default_factory=list)
    """What the browser complained about: blocked by a policy, failed to load, thrown by a script."""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """The result of a command. Raises ProgramError with the browser's words."""
        number = next(self._numbers)
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._receive()
            if message.get("id") == number:
                if "error" in message:
                    raise ProgramError(f"{method}: {message['error']['message']}")
                result: dict[str, Any] = message["result"]
                return result

    async def open(self, url: str, screen: Screen) -> None:
        """Show a page on such a screen, and wait until all of it is there."""
        self.requests.clear()
        self.problems.clear()
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=screen.width,
            height=screen.height,
            deviceScaleFactor=1,
            mobile=screen.width < 600,
        )
        scheme = "dark" if screen.dark else "light"
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        result = await self.call("Page.navigate", url=url)
        if result.get("errorText"):
            raise ProgramError(f"{url}: {result['errorText']}")
        while (await self._receive()).get("method") != "Page.loadEventFired":
            pass

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript, awaited, in the page."""
        result = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise ProgramError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    async def screenshot(self, file: Path) -> None:
        """The whole page as PNG."""
        size = (await self.call("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
        picture = await self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        await asyncio.to_thread(file.write_bytes, base64.b64decode(picture["data"]))

    async def _receive(self) -> dict[str, Any]:
        async with asyncio.timeout(LIMIT):
            message: dict[str, Any] = await self.socket.receive_json()
        match message.get("method"), message.get("params", {}):
            case "Network.requestWillBeSent", {"request": {"url": url}}:
                if not url.startswith("data:"):  # the browser's own icons
                    self.requests.append(url)
            case "Network.loadingFailed", {"errorText": text}:
                self.problems.append(text)
            case "Log.entryAdded", {"entry": {"level": "error" | "warning", "text": text}}:
                self.problems.append(text)
            case "Runtime.exceptionThrown", {"exceptionDetails": details}:
                self.problems.append(str(details))
        return message


@asynccontextmanager
async def browser() -> AsyncIterator[Tab]:
    """A browser of its own, with one tab. Raises ProgramError where there is none."""
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as profile:
        try:
            process = await asyncio.create_subprocess_exec(
                "chromium",
                "--headless=new",
                "--no-sandbox",  # it is root that runs the tests
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                f"--user-data-dir={profile}",
                "about:blank",
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise ProgramError("Chromium is not installed: apt-get install chromium") from None
        try:
            async with aiohttp.ClientSession() as client:
                url = await _debugged_tab(client, Path(profile) / "DevToolsActivePort")
                async with client.ws_connect(url, max_msg_size=0) as socket:
                    tab = Tab(socket)
                    for domain in ("Page", "Network", "Log", "Runtime"):
                        await tab.call(f"{domain}.enable")
                    yield tab
                    await tab.call("Browser.close")
        finally:
            await _end(process)


async def _debugged_tab(client: aiohttp.ClientSession, file: Path) -> str:
    """The address of the first tab's protocol, once the browser has told its port."""
    async with asyncio.timeout(LIMIT):
        while True:
            try:
                port = (await asyncio.to_thread(file.read_text)).split()[0]
                async with client.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    tabs = [each for each in await answer.json() if each["type"] == "page"]
                    if tabs:
                        found: str = tabs[0]["webSocketDebuggerUrl"]
                        return found
            except (FileNotFoundError, IndexError, aiohttp.ClientError):
                pass
            await asyncio.sleep(0.05)


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(10):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
