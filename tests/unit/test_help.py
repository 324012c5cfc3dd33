"""The pages of help: what is wrong in one is said with file and key, and the right one is found and shown."""

import re

import pytest

from tests.help.bases import BASES
from xmpp_exporter.catalogue import checks
from xmpp_exporter.catalogue.help import help_for, page_of, pages
from xmpp_exporter.catalogue.help_page import Page, parse_page
from xmpp_exporter.catalogue.help_text import instruction, told_for
from xmpp_exporter.catalogue.software import Version, named, parse_version, revealed, software

GOOD = """\
---
software: prosody
check: xep0313
since: "0.10"
sources: [https://example.org/]
proven: true
snippets:
  - {file: /etc/prosody/prosody.cfg.lua, into: modules_enabled, text: '"mam";'}
---
Load it.

{{ change }}
"""

VARIANTS = """\
---
software: prosody
check: xep0313
since: "0.10"
sources: [https://example.org/]
proven: true
needs: [{host: archive.example.org}, {port: "5281"}]
variants:
  - {before: "0.12", snippets: [{file: /etc/prosody/prosody.cfg.lua, into: modules_enabled, text: '"old_mam";'}]}
  - {since: "0.12", snippets: [{file: /etc/prosody/prosody.cfg.lua, into: modules_enabled, text: '"mam";'}]}
---
{{ change }}
"""


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("---\nsoftware", "software", "begins with YAML between two lines of ---"),
        ("check: xep0313", "check: xep9999", "page: no such check: xep9999"),
        ("software: prosody", "software: prosodie", "page: software prosodie is not in software.yml"),
        ("cfg.lua,", "cfg,", "snippets.0: file /etc/prosody/prosody.cfg is not in software.yml"),
        ("into:", "in:", "snippets.0.in: Extra inputs are not permitted"),
        ("sources: [https://example.org/]", "sources: []", "page: sources: name at least one address"),
        ("proven: true", "proven: false", "page: why: tells what keeps it from being proven"),
        ("{{ change }}", "", "page: the text needs {{ change }} where the snippets belong"),
        ("proven: true", "", "proven: Field required"),
        ("check: xep0313", "check: [", "while parsing"),
    ],
)
def test_what_is_wrong_is_said_with_its_file_and_key(old: str, new: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=r"^prosody/xep0313\.md: ") as error:
        parse_page("prosody/xep0313.md", GOOD.replace(old, new))
    assert complaint in str(error.value)


def test_the_text_shows_the_snippet_that_is_carried_out() -> None:
    text = instruction(parse_page("page", GOOD), [checks()["xep0313"]])
    assert 'In `/etc/prosody/prosody.cfg.lua`, in the list `modules_enabled`:\n\n```lua\n"mam";\n```' in text
    assert "systemctl restart prosody" in text
    assert "xmpp-exporter check probe@example.org --only xep0313\n" in text
    assert "For Prosody from version 0.10 on." in text


@pytest.mark.parametrize(
    ("version", "shown", "hidden"),
    [
        ("0.12.3", ['"mam"'], ['"old_mam"', "from 0.12 on"]),
        ("13.0", ['"mam"'], ['"old_mam"']),
        ("0.11.9", ['"old_mam"'], ['"mam"']),
        ("0.9", ["from version 0.10 on:** an upgrade is needed first"], ['"mam"', '"old_mam"', "needed:"]),
        ("trunk", ["## Prosody from 0.12 on", "## Prosody before 0.12", '"mam"', '"old_mam"'], []),
    ],
)
def test_the_version_decides_which_variant_is_shown(version: str, shown: list[str], hidden: list[str]) -> None:
    text = instruction(parse_page("page", VARIANTS), [checks()["xep0313"]], parse_version(version))
    assert [part for part in shown if part not in text] == []
    assert [part for part in hidden if part in text] == []


@pytest.mark.parametrize(
    ("version", "proofs"),
    [
        ("0.12.3", ["Proven: the tests carry it out on a real Prosody 0.12.3."]),
        ("13.0", ["Proven: the tests carry it out on a real Prosody 0.12.3."]),
        ("0.11", ["Not proven by the tests, which have Prosody 0.12.3."]),
        (
            "",
            [
                "Not proven by the tests, which have Prosody 0.12.3.",
                "Proven: the tests carry it out on a real Prosody 0.12.3.",
            ],
        ),
    ],
)
def test_what_is_for_other_versions_than_the_tested_one_is_not_called_proven(version: str, proofs: list[str]) -> None:
    text = instruction(parse_page("page", VARIANTS), [checks()["xep0313"]], parse_version(version))
    assert re.findall(r"^\*((?:Not p|P)roven.*)\*$", text, re.MULTILINE) == proofs


def test_whoever_has_nothing_to_copy_is_told_how_to_see_that_it_works_too() -> None:
    for name, check in (("openfire", "xep0280"), ("general", "tls_required"), ("prosody", "xep0500")):
        [text] = help_for([check], name)
        assert "To see whether it works:" in text
    [text] = help_for(["xep0425"], "openfire")
    assert "Not available in Openfire as of 5.1." in text
    assert "To see whether it works:" not in text


def test_what_is_needed_before_is_told() -> None:
    text = instruction(parse_page("page", VARIANTS), [checks()["xep0313"]])
    assert "- `archive.example.org` has an address in the DNS" in text
    assert "- Port 5281 can be reached from outside." in text


def test_what_is_the_same_for_all_variants_stands_before_them_once() -> None:
    common = 'snippets:\n  - {file: zone, text: "www A 192.0.2.1"}\nvariants:'
    page = parse_page("page", VARIANTS.replace("variants:", common))
    text = instruction(page, [checks()["xep0313"]])
    assert text.count("www A 192.0.2.1") == 1
    assert text.index("www A 192.0.2.1") < text.index("## Prosody before 0.12")
    assert [variant.snippets[0].file for variant in page.all_variants] == ["zone", "zone"]


def test_checks_of_one_page_are_told_of_once() -> None:
    [text] = help_for(["xep0313", "xep0313_roundtrip"], "prosody", "0.12")
    assert text.startswith("# Message Archive Management with Prosody (`xep0313`)")
    assert "`xep0313_roundtrip`" in text
    assert "--only xep0313,xep0313_roundtrip\n" in text


def test_without_an_own_page_the_general_one_is_shown_and_without_that_what_is_looked_for() -> None:
    assert page_of("srv_c2s", "prosody") is page_of("srv_c2s", None) is pages()["general"]["srv_c2s"]
    [text] = help_for(["xep0500"], "openfire")
    assert "There is no instruction for Openfire yet." in text
    assert checks()["xep0500"].method in text


def test_without_software_it_is_told_for_which_there_are_instructions() -> None:
    [text] = help_for(["xep0425"])
    assert "There are instructions for: ejabberd, Metronome, MongooseIM, Openfire, Prosody, Snikket, Tigase." in text
    [text] = help_for(["xep0500"])
    assert "There is no instruction yet." in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("In the zone of `example.org`.", "In the zone of `a-b.test`."),
        (
            "_xmpp-client._tcp.example.org. SRV 5 0 5222 xmpp.example.org.",
            "_xmpp-client._tcp.a-b.test. SRV 5 0 5222 xmpp.a-b.test.",
        ),
        ('Component "conference.example.org" "muc"', 'Component "conference.a-b.test" "muc"'),
        ("/etc/certs/example.org.pem of admin@example.org", "/etc/certs/a-b.test.pem of admin@a-b.test"),
        ("check probe@example.org", "check me@a-b.test"),
        *(
            (same, same)
            for same in ("203.0.113.5", "example.net", "anexample.org", "my-example.org", "example.organic")
        ),
    ],
)
def test_a_server_stands_in_the_place_of_the_example(text: str, shown: str) -> None:
    assert told_for("me@a-b.test", text) == shown


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("", "check probe@example.org"),
        ("a.test", "check probe@a.test"),
        ("example.org.test", "check probe@example.org.test"),
        ("`id`@a.test", "check probe@a.test"),
        ("--json@a.test", "check probe@a.test"),
        ("<b>a.test</b>", "check probe@example.org"),
        ("a.test`\n# b", "check probe@example.org"),
        ("me@a.test\n", "check probe@example.org"),
    ],
)
def test_a_name_that_means_something_to_markdown_or_a_shell_is_not_shown(target: str, command: str) -> None:
    assert told_for(target, "check probe@example.org") == command


def test_help_for_one_server_names_no_other() -> None:
    texts = list(help_for(checks(), "prosody", "0.12", "me@a.test"))
    assert [text for text in texts if "example.org" in text] == []
    assert any("xmpp-exporter check me@a.test --only xep0313," in text for text in texts)
    assert any("_xmpps-client._tcp.a.test. SRV" in text for text in texts)


@pytest.mark.parametrize(
    ("text", "version"),
    [("0.12.3", (0, 12, 3)), ("23.01-1", (23, 1)), ("v4.9.2", (4, 9, 2)), ("hg:1a2b", None), ("", None)],
)
def test_a_version_is_the_numbers_at_its_beginning(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


def test_software_is_known_by_what_it_reveals_and_a_changed_name_does_not_deceive() -> None:
    assert revealed(["http://prosody.im"], ["ejabberd"]) == "prosody"
    assert revealed(["http://www.process-one.net/en/ejabberd/"], []) == "ejabberd"
    assert revealed(["https://www.process-one.net/ejabberd/"], []) == "ejabberd"  # from 24.12 on
    assert revealed([], ["Openfire Server"]) == "openfire"
    assert revealed(["http://example.org"], ["Chat"]) is None
    assert all(named(entry.title) == name for name, entry in software().items())


def every_page() -> list[Page]:
    return [page for folder in pages().values() for page in folder.values()]


@pytest.mark.parametrize("page", every_page(), ids=lambda page: f"{page.software}/{page.check}")
def test_a_page_can_be_carried_out_and_its_versions_leave_no_gap(page: Page) -> None:
    assert page.base in BASES
    variants = [each for each in page.all_variants if not each.title]
    for version in filter(None, (parse_version(each.since or each.before) for each in variants)):
        assert any(each.fits(version) for each in variants)


@pytest.mark.parametrize("name", ["prosody", "ejabberd"])
def test_every_check_that_counts_has_a_page(name: str) -> None:
    assert [check.id for check in checks().values() if check.scored and page_of(check.id, name) is None] == []
