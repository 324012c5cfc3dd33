"""In-band registration (XEP-0077): what the server asks of somebody who wants an account, and making and removing one.

Only what a program may answer for a person is answered: a name and a password.
"""

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from xmpp_exporter.wire.errors import StanzaError, WireError
from xmpp_exporter.wire.session import Session
from xmpp_exporter.wire.stanza import escape, quoteattr
from xmpp_exporter.wire.stream import Stream
from xmpp_exporter.wire.xml import local

NAMESPACE = "jabber:iq:register"
REGISTER = f"{{{NAMESPACE}}}"
FEATURE = "{http://jabber.org/features/iq-register}register"
FORM = "{jabber:x:data}"
OOB = "{jabber:x:oob}"
CAPTCHA = "urn:xmpp:captcha"
MEDIA = "{urn:xmpp:media-element}media"

MAX_TEXT = 2000
"""Characters of the server's instructions that are shown."""

_OURS = frozenset({"username", "password"})
_NO_QUESTION = frozenset({"instructions", "key", "registered", "x"})


class RegistrationRefused(WireError):
    """The server makes no account for us, or not by itself; the detail says why."""


@dataclass(frozen=True, slots=True)
class RegistrationForm:
    """What a server asks. `instructions` is what it wants people to read first; `given` is sent back as it came."""

    instructions: str
    given: tuple[tuple[str, str], ...]
    is_data_form: bool


async def registration_form(stream: Stream) -> RegistrationForm:
    """The form of a server that asks for no more than a name and a password.

    Raises RegistrationRefused for closed registration, a web page, a captcha or more questions (e-mail, …), and
    whatever the stream raises.
    """
    if stream.features.find(FEATURE) is None:
        raise RegistrationRefused("registration is closed: the server does not offer it before login")
    try:
        query = (await stream.ask("get", f"<query xmlns='{NAMESPACE}'/>")).find(f"{REGISTER}query")
    except StanzaError as error:
        raise RegistrationRefused(f"registration is closed: the server answers {error.detail}") from error
    if query is None:
        raise RegistrationRefused("the server answers the request for its registration form with something else")
    return read_form(query)


def read_form(query: ET.Element) -> RegistrationForm:
    """The form in the payload of the server's reply (XEP-0077 §3.1 and §4). Raises RegistrationRefused."""
    form = query.find(f"{FORM}x")
    plain = {local(child): (child.text or "").strip() for child in query}
    elements = [] if form is None else form.findall(f"{FORM}field")
    fields = {field.get("var", ""): field for field in elements}
    url = query.findtext(f"{OOB}x/{OOB}url", "").strip()
    if url and not fields.keys() | plain.keys() >= _OURS:
        raise RegistrationRefused(f"the server registers people on a web page only: {url[:200]}")
    if is_captcha(fields):
        raise RegistrationRefused("the server wants a captcha solved, which takes a person: register with a client")
    questions = (
        set(plain) - _NO_QUESTION
        if form is None
        else {name for name, field in fields.items() if field.find(f"{FORM}required") is not None}
    )
    if more := sorted(questions - _OURS):
        raise RegistrationRefused(f"the server also asks for {', '.join(more)[:200]}: register with a client")
    texts = [plain.get("instructions", "")]
    if form is not None:
        fixed = [field for field in elements if field.get("type") == "fixed"]
        texts = [element.text or "" for element in form.iterfind(f"{FORM}instructions")] or texts
        texts += [value.text or "" for field in fixed for value in field.iterfind(f"{FORM}value")]
    given = (
        [("key", plain["key"])]
        if form is None and "key" in plain
        else [(name, _value(field)) for name, field in fields.items() if field.get("type") == "hidden"]
    )
    return RegistrationForm("\n".join(filter(None, texts))[:MAX_TEXT], tuple(given), form is not None)


def is_captcha(fields: dict[str, ET.Element]) -> bool:
    """Whether a form with these fields, by name, has a captcha (XEP-0158 §3)."""
    form_type = fields.get("FORM_TYPE")
    return (form_type is not None and _value(form_type) == CAPTCHA) or any(
        field.find(MEDIA) is not None for field in fields.values()
    )


def _value(field: ET.Element) -> str:
    return field.findtext(f"{FORM}value", "")


async def register(stream: Stream, form: RegistrationForm, username: str, password: str) -> None:
    """Make the account, on the stream that the form came from. Raises RegistrationRefused, and what the stream does."""
    answers = [*form.given, ("username", username), ("password", password)]
    if form.is_data_form:
        fields = "".join(
            f"<field var={quoteattr(name)}><value>{escape(text)}</value></field>" for name, text in answers
        )
        payload = f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"
    else:
        payload = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in answers)
    try:
        await stream.ask("set", f"<query xmlns='{NAMESPACE}'>{payload}</query>")
    except StanzaError as error:
        raise RegistrationRefused(f"the server refused to make the account: {error.detail}") from error


async def remove_account(session: Session) -> None:
    """Cancel the registration of the session's account (XEP-0077 §3.2). Raises StanzaError when the server won't."""
    removal = f"<query xmlns='{NAMESPACE}'><remove/></query>"
    try:
        await session.iq("set", removal)
    except StanzaError:
        # the specification leaves out the address; some servers listen at the domain only
        await session.iq("set", removal, session.target.domain)
