"""Passwords at the door: who comes in, what it costs, and that nobody else waits for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import bcrypt
import pytest
from aiohttp import web

from tests.integration.heartbeat import Heartbeat
from xmpp_exporter.serving import auth
from xmpp_exporter.serving.address import Address
from xmpp_exporter.serving.listeners import Listeners
from xmpp_exporter.serving.webconfig import WebConfig

CHEAP, DEAR = 4, 12


def hashed(password: str, cost: int = CHEAP) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


def written(file: Path, users: dict[str, str], extra: str = "") -> Path:
    file.write_text("basic_auth_users:\n" + "".join(f"  {user}: {value}\n" for user, value in users.items()) + extra)
    return file


@asynccontextmanager
async def served(file: Path) -> AsyncIterator[str]:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    async with Listeners(app, [Address("127.0.0.1", 0)], WebConfig(file), grace=1) as listeners:
        yield listeners.urls[0]


async def ask(url: str, user: str, password: str) -> int:
    authorization = aiohttp.encode_basic_auth(user, password, "utf-8")
    return (await ask_with(url, {"Authorization": authorization})).status


async def ask_with(url: str, headers: dict[str, str]) -> aiohttp.ClientResponse:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        await response.read()
        return response


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The hashes that bcrypt was asked about."""
    asked: list[str] = []
    checkpw = bcrypt.checkpw

    def noted(password: bytes, password_hash: bytes) -> bool:
        asked.append(password_hash.decode())
        return checkpw(password, password_hash)

    monkeypatch.setattr(bcrypt, "checkpw", noted)
    yield asked


async def test_the_right_password_comes_in_and_others_are_challenged(tmp_path: Path) -> None:
    async with served(written(tmp_path / "web.yml", {"alice": hashed("right"), "bob": hashed("other")})) as url:
        assert await ask(url, "alice", "right") == 200
        assert await ask(url, "alice", "wrong") == 401
        assert await ask(url, "alice", "other") == 401
        assert await ask(url, "nobody", "right") == 401
        nothing = await ask_with(url, {})
        assert nothing.status == 401
        assert nothing.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "header", ["Basic", "Basic ", "Basic ????", "Basic YWxpY2U=", "Basic /////w==", "Bearer x", "basicYWxpY2U6cmlnaHQ="]
)
async def test_a_header_that_holds_no_credentials_is_challenged(tmp_path: Path, header: str) -> None:
    async with served(written(tmp_path / "web.yml", {"alice": hashed("right")})) as url:
        assert (await ask_with(url, {"Authorization": header})).status == 401


@pytest.mark.parametrize("password", ["", "päss:wörd", "x" * 100, "nul\0nul"])
async def test_odd_passwords_work_as_with_htpasswd(tmp_path: Path, password: str) -> None:
    stored = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(CHEAP)).decode()
    async with served(written(tmp_path / "web.yml", {"alice": stored.replace("$2b$", "$2y$")})) as url:
        assert await ask(url, "alice", password) == 200
        assert await ask(url, "alice", password[:71] + "y") == 401


async def test_unknown_paths_ask_for_the_password_too(tmp_path: Path) -> None:
    async with served(written(tmp_path / "web.yml", {"alice": hashed("right")})) as url:
        assert (await ask_with(f"{url}/nothing", {})).status == 401


async def test_an_unknown_user_costs_what_a_known_one_does(tmp_path: Path, checked: list[str]) -> None:
    known = hashed("right", 5)
    async with served(written(tmp_path / "web.yml", {"alice": known})) as url:
        await ask(url, "nobody", "right")
        assert [each[:7] for each in checked] == [known[:7]]
        assert checked != [known]


async def test_a_password_once_right_is_remembered_and_a_wrong_one_is_not(tmp_path: Path, checked: list[str]) -> None:
    async with served(written(tmp_path / "web.yml", {"alice": hashed("right")})) as url:
        for _ in range(3):
            assert await ask(url, "alice", "right") == 200
        assert len(checked) == 1
        for _ in range(2):
            assert await ask(url, "alice", "wrong") == 401
        assert len(checked) == 3


async def test_no_more_than_a_hundred_right_passwords_are_remembered(checked: list[str]) -> None:
    users = {f"user{number}": hashed("right") for number in range(auth.REMEMBERED + 1)}
    check = auth.PasswordCheck()
    for user in users:
        assert await check.right(user, "right", users)
    checked.clear()
    assert await check.right(f"user{auth.REMEMBERED}", "right", users)
    assert not checked
    assert await check.right("user0", "right", users)
    assert len(checked) == 1
    check.close()


async def test_a_changed_password_counts_from_the_next_request_on(tmp_path: Path) -> None:
    file = written(tmp_path / "web.yml", {"alice": hashed("old")})
    async with served(file) as url:
        assert await ask(url, "alice", "old") == 200
        written(file, {"alice": hashed("new")})
        assert await ask(url, "alice", "old") == 401
        assert await ask(url, "alice", "new") == 200
        file.write_text("basic_auth_users: [\n")
        assert await ask(url, "alice", "new") == 200
        assert await ask(url, "alice", "old") == 401


async def test_the_event_loop_goes_on_while_bcrypt_works(tmp_path: Path) -> None:
    async with served(written(tmp_path / "web.yml", {"alice": hashed("right", DEAR)})) as url, Heartbeat() as heart:
        assert await ask(url, "alice", "wrong") == 401
    assert heart.seconds > 0.1, "bcrypt was too cheap for this test to mean anything"
    assert heart.longest_work < 0.05
    assert heart.longest_gap < heart.seconds * 0.8


async def test_a_flood_of_passwords_is_turned_away_and_a_known_one_still_comes_in(tmp_path: Path) -> None:
    async with served(written(tmp_path / "web.yml", {"alice": hashed("right", 8)})) as url:
        assert await ask(url, "alice", "right") == 200
        flood = [asyncio.create_task(ask(url, "alice", f"guess{number}")) for number in range(2 * auth.MAX_WAITING)]
        await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)
        assert await ask(url, "alice", "right") == 200
        statuses = await asyncio.gather(*flood)
        assert set(statuses) == {401, 503}
        assert statuses.count(401) >= auth.MAX_WAITING


HEADERS = """\
http_server_config:
  headers:
    X-Frame-Options: deny
    Content-Security-Policy: default-src 'none'
"""


async def test_the_configured_headers_are_on_every_response(tmp_path: Path) -> None:
    async with served(written(tmp_path / "web.yml", {"alice": hashed("right")}, HEADERS)) as url:
        authorization = {"Authorization": aiohttp.encode_basic_auth("alice", "right", "utf-8")}
        for response in (
            await ask_with(url, authorization),
            await ask_with(url, {}),
            await ask_with(f"{url}/nothing", authorization),
        ):
            assert "Server" not in response.headers
            assert response.headers["X-Frame-Options"] == "deny"
            assert response.headers["Content-Security-Policy"] == "default-src 'none'"
