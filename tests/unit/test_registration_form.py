"""What a server asks of somebody who wants an account, and what a program may answer."""

import xml.etree.ElementTree as ET

import pytest

from xmpp_exporter.wire.registration import MAX_TEXT, RegistrationRefused, read_form

PLAIN = "<instructions>Choose a name.</instructions><username/><password/>"
FORM_TYPE = "<field type='hidden' var='FORM_TYPE'><value>{}</value></field>"
NAME_AND_PASSWORD = (
    "<field type='text-single' var='username'><required/></field>"
    "<field type='text-private' var='password'><required/></field>"
)


def query(content: str) -> ET.Element:
    return ET.fromstring(f"<query xmlns='jabber:iq:register'>{content}</query>")


def form(content: str, kind: str = "jabber:iq:register") -> str:
    return f"<x xmlns='jabber:x:data' type='form'>{FORM_TYPE.format(kind)}{content}</x>"


def refusal(content: str) -> str:
    with pytest.raises(RegistrationRefused) as refused:
        read_form(query(content))
    return refused.value.detail


def test_a_plain_form_with_name_and_password_can_be_filled_in() -> None:
    found = read_form(query(PLAIN))
    assert (found.instructions, found.given, found.is_data_form) == ("Choose a name.", (), False)


def test_the_key_of_old_servers_is_sent_back() -> None:
    assert read_form(query(f"{PLAIN}<key>106c0a7b5510f192</key>")).given == (("key", "106c0a7b5510f192"),)


def test_a_data_form_has_the_say_over_the_plain_one() -> None:
    found = read_form(query(PLAIN + "<email/>" + form(NAME_AND_PASSWORD + "<field var='email'/>")))
    assert found.is_data_form
    assert found.given == (("FORM_TYPE", "jabber:iq:register"),)


def test_instructions_and_terms_of_a_data_form_are_shown() -> None:
    terms = "<field type='fixed'><value>No spam.</value></field><field type='fixed'><value>No abuse.</value></field>"
    found = read_form(query(form(f"<instructions>Welcome.</instructions>{terms}{NAME_AND_PASSWORD}")))
    assert found.instructions == "Welcome.\nNo spam.\nNo abuse."


def test_endless_instructions_are_cut() -> None:
    assert len(read_form(query(f"<instructions>{'x' * 99999}</instructions><username/>")).instructions) == MAX_TEXT


def test_an_email_address_is_a_person_s_to_give() -> None:
    assert "asks for email, name" in refusal(PLAIN + "<name/><email/>")
    email = "<field var='email'><required/></field>"
    assert "asks for email" in refusal(form(NAME_AND_PASSWORD + email))


def test_a_box_to_tick_is_a_person_s_to_tick() -> None:
    box = "<field type='boolean' var='accept-terms'><required/></field>"
    assert "asks for accept-terms" in refusal(form(NAME_AND_PASSWORD + box))


def test_a_captcha_is_a_person_s_to_solve() -> None:
    assert "captcha" in refusal(form(NAME_AND_PASSWORD, kind="urn:xmpp:captcha"))
    picture = "<field var='ocr'><media xmlns='urn:xmpp:media-element'/></field>"
    assert "captcha" in refusal(form(NAME_AND_PASSWORD + picture))


def test_a_web_page_is_named() -> None:
    page = "<x xmlns='jabber:x:oob'><url>https://a.test/register</url></x>"
    assert refusal(f"<instructions>Go to our page.</instructions>{page}").endswith("https://a.test/register")


def test_a_web_page_beside_a_form_is_a_choice() -> None:
    page = "<x xmlns='jabber:x:oob'><url>https://a.test/register</url></x>"
    assert not read_form(query(PLAIN + page)).is_data_form
