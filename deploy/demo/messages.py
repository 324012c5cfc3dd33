"""Where messages arrive: a mail server that keeps all it gets in a folder, and a chat account that listens."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.demo.alerting import READER
from tests.servers.ear import ear_at
from tests.servers.laboratory import Laboratory, Server
from tests.servers.mailbox import Mail, mailbox
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Network
from xmpp_exporter.wire.tls import TlsContexts


class Messages:
    """From `with` to its end, in a thread of its own: `mails` and the `texts` of chat messages so far, in order.

    Each mail is also a file in `folder`. `on_mail` and `on_text` are called, in that thread, with each that comes; the
    former also with its file.
    """

    def __init__(
        self,
        folder: Path,
        mail: tuple[str, int],
        laboratory: Laboratory,
        chat: Server,
        on_mail: Callable[[Mail, Path], None] = lambda mail, file: None,
        on_text: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.folder = folder
        self.jid = chat.jid(READER)
        self.mails: list[Mail] = []
        self.texts: list[str] = []
        self._mail, self._chat = mail, chat
        self._network = Network(Resolver(), TlsContexts(laboratory.ca_file))
        self._on_mail, self._on_text = on_mail, on_text
        self._opened: Future[None] = Future()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run_all)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        try:
            self._opened.result()
        except BaseException:  # Ctrl-C, too: nothing else would end the thread, and with it the process
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run_all(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:
            if self._opened.done():
                raise
            self._opened.set_exception(error)

    async def _run(self) -> None:
        address, port = self._mail
        async with mailbox(address, port=port) as box, ear_at(self._network, self._chat.address, self.jid) as ear:
            box.on_mail, ear.on_text = self._take_mail, self._take_text
            self._opened.set_result(None)
            await asyncio.to_thread(self._ended.wait)

    def _take_mail(self, mail: Mail) -> None:
        self.mails.append(mail)
        file = self.folder / f"{len(self.mails):03}.eml"
        file.write_bytes(mail.content)
        self._on_mail(mail, file)

    def _take_text(self, text: str) -> None:
        self.texts.append(text)
        self._on_text(text)
