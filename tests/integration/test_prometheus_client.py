"""The query client against a real Prometheus, and against programs that are something else."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.test_prometheus_server import free_port
from tests.servers import prometheus as program
from tests.servers.fake import Behaviour, Connection, listening, silent
from xmpp_badges.api import ApiSettings, Away, Garbled, Refused
from xmpp_badges.prometheus import Prometheus, quoted

SELF = "global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: self\n    static_configs: [{targets: ['%s']}]\n"


def says(status: str, header: str = "", body: str = "") -> Behaviour:
    """Answer any request so."""

    async def behave(connection: Connection) -> None:
        await connection.reader.readuntil(b"\r\n\r\n")
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *filter(None, [header]), "", body]
        await connection.send("\r\n".join(lines))
        await silent(connection)

    return behave


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[program.Prometheus]:
    directory, port = tmp_path_factory.mktemp("prometheus"), free_port()
    for folder in (directory, *directory.parents):  # its own user must get there
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    with program.Prometheus(directory / "it", SELF % f"127.0.0.1:{port}", port=port) as running:
        yield running


@pytest.fixture
async def client(server: program.Prometheus) -> AsyncIterator[Prometheus]:
    async with Prometheus(ApiSettings(url=server.url + "/")) as client:
        async with asyncio.timeout(30):
            while not await client.instant("up == 1"):
                await asyncio.sleep(0.1)
        yield client


async def test_an_instant_query_gives_samples(client: Prometheus) -> None:
    (sample,) = await client.instant('up{job="self"} * 7')
    assert (sample.value, sample.labels["job"]) == (7, "self")
    assert abs(sample.time - time.time()) < 60
    (scalar,) = await client.instant("scalar(vector(3))")
    assert (scalar.value, scalar.labels) == (3, {})
    assert await client.instant("nobody_exposes_this") == []
    assert await client.instant("up", at=1000.0) == []


async def test_a_range_query_gives_series_without_their_gaps(client: Prometheus) -> None:
    now = float(int(time.time()) + 1)  # the first scrape may have been in the second that is not over
    (series,) = await client.range('up{job="self"}', now - 3600, now, 1)
    assert series.points
    assert {value for _time, value in series.points} <= {0.0, 1.0}
    assert all(now - 3600 <= moment <= now for moment, _value in series.points)


async def test_a_division_by_nothing_is_not_known(client: Prometheus) -> None:
    assert await client.instant("vector(0) / 0") == []
    (series,) = await client.range("vector(0) / (time() % 2)", 1001, 1004, 1)
    assert series.points == [(1001, 0), (1003, 0)]


async def test_any_label_can_be_asked_for(client: Prometheus) -> None:
    nasty = 'a"b\\c\nd{}é'
    (sample,) = await client.instant(f'label_replace(vector(1), "domain", {quoted(nasty)}, "", "")')
    assert sample.labels["domain"] == nasty


async def test_a_query_that_makes_no_sense_is_refused_with_prometheus_own_words(client: Prometheus) -> None:
    with pytest.raises(Refused, match="parse error") as caught:
        await client.instant("sum(")
    assert caught.value.status == 400


async def test_nobody_there_is_away() -> None:
    async with Prometheus(ApiSettings(url="http://127.0.0.1:9")) as client:
        with pytest.raises(Away, match=r"^http://127\.0\.0\.1:9 cannot be asked: Connection refused$"):
            await client.instant("up")


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (silent, Away),
        (says("200 OK", body="<html>"), Garbled),
        (says("200 OK", body="[]"), Garbled),
        (says("200 OK", body='{"status":"success","data":{}}'), Garbled),
        (says("302 Found", "Location: http://127.0.0.1:9/"), Refused),
        (says("401 Unauthorized"), Refused),
    ],
    ids=["silence", "a page", "another JSON", "no result", "a redirect", "a refusal"],
)
async def test_what_does_not_answer_as_prometheus_does_is_told_apart(
    behaviour: Behaviour, error: type[Exception]
) -> None:
    async with listening(behaviour) as listener:
        settings = ApiSettings(url=f"http://{listener.address}:{listener.port}", timeout=1)
        async with Prometheus(settings) as client:
            with pytest.raises(error):
                await client.instant("up")


async def test_a_missing_password_is_told_without_asking(tmp_path: Path) -> None:
    settings = ApiSettings.model_validate({"url": "http://127.0.0.1:9", "bearer": {"password_file": tmp_path / "none"}})
    async with Prometheus(settings) as client:
        with pytest.raises(Away, match=r"was not asked: .*none: cannot be read"):
            await client.instant("up")
