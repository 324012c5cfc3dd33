"""Changes that pages of help ask for, made to files as an admin with an editor would make them."""

import pytest
import yaml

from tests.help import ejabberd_file, prosody_file, zone_file
from xmpp_exporter.catalogue.help_page import Snippet

LUA = """\
admins = { }
modules_enabled = {
    "disco";
    "tls";
}
modules_disabled = { "offline"; }

VirtualHost "example.org"
    allow_registration = true
Component "rooms.example.org" "muc"
"""

YAML = """\
listen:
  - {port: 5222, module: ejabberd_c2s, starttls: true}
  - {port: 3478, transport: udp, module: ejabberd_stun}
disable_sasl_mechanisms: [digest-md5, plain]
modules:
  mod_muc: {access: all, default_room_options: {mam: false}}
  mod_legacy_auth: {}
"""


def lua(text: str, section: str = "", into: str = "", action: str = "add") -> Snippet:
    entry = {"file": "/etc/prosody/prosody.cfg.lua", "text": text, "section": section, "into": into, "action": action}
    return Snippet.model_validate(entry)


def ejabberd(text: str, action: str = "add") -> Snippet:
    return Snippet.model_validate({"file": "/etc/ejabberd/ejabberd.yml", "text": text, "action": action})


@pytest.mark.parametrize(
    ("snippet", "old", "new"),
    [
        (lua('"mam";\n', into="modules_enabled"), '    "tls";\n}', '    "tls";\n\n"mam";\n}'),
        (lua("admins = {\n  1;\n}\n"), "admins = { }\n", ""),
        (lua("a = 1\n", section='Component "rooms.example.org" "muc"'), '"muc"\n', '"muc"\na = 1\n\n'),
        (
            lua('"muc_mam";\n', section='Component "rooms.example.org" "muc"', into="modules_enabled"),
            '"muc"\n',
            '"muc"\nmodules_enabled = {\n"muc_mam";\n}\n\n',
        ),
        (lua('"offline";', into="modules_disabled", action="remove"), '"offline";', ""),
        (lua("allow_registration", 'VirtualHost "example.org"', "", "add"), "", ""),
        (lua('Component "x" "y"\n', into="end"), '"muc"\n', '"muc"\n\nComponent "x" "y"\n'),
    ],
)
def test_prosody_s_file_is_changed_where_the_snippet_says(snippet: Snippet, old: str, new: str) -> None:
    changed = prosody_file.change(LUA, snippet)
    if "admins" in snippet.text:  # an option takes the place of the one with its name, at the end of its part
        assert changed.index("admins = {\n  1;\n}") > changed.index("modules_disabled")
        assert "admins = { }" not in changed
    else:
        assert changed == LUA.replace(old, new, 1)


@pytest.mark.parametrize(
    "snippet",
    [
        lua("x = 1", section='VirtualHost "other.example"'),
        lua('"nothing";', into="modules_enabled", action="remove"),
        lua("nothing = 1", action="remove"),
    ],
)
def test_what_is_not_in_prosody_s_file_cannot_be_changed(snippet: Snippet) -> None:
    with pytest.raises(ValueError, match=r"has no|is not in|there is no"):
        prosody_file.change(LUA, snippet)


def test_mappings_are_joined_and_listeners_by_their_port() -> None:
    changed = yaml.safe_load(
        ejabberd_file.change(
            YAML,
            ejabberd("""
                modules: {mod_muc: {default_room_options: {mam: true}}, mod_mam: {}}
                listen: [{port: 5222, tls: true}, {port: 3478, module: other}]
            """),
        )
    )
    assert changed["modules"]["mod_muc"] == {"access": "all", "default_room_options": {"mam": True}}
    assert changed["modules"].keys() == {"mod_muc", "mod_legacy_auth", "mod_mam"}
    assert changed["listen"] == [
        {"port": 5222, "module": "ejabberd_c2s", "starttls": True, "tls": True},
        {"port": 3478, "transport": "udp", "module": "ejabberd_stun"},
        {"port": 3478, "module": "other"},
    ]


def test_keys_and_entries_of_lists_are_taken_out_of_yaml() -> None:
    gone = ejabberd("{modules: {mod_legacy_auth: {}}, disable_sasl_mechanisms: [plain]}", "remove")
    changed = yaml.safe_load(ejabberd_file.change(YAML, gone))
    assert changed["modules"].keys() == {"mod_muc"}
    assert changed["disable_sasl_mechanisms"] == ["digest-md5"]


@pytest.mark.parametrize("text", ["{modules: {mod_x: {}}}", "{disable_sasl_mechanisms: [x]}"])
def test_what_is_not_in_yaml_cannot_be_taken_out(text: str) -> None:
    with pytest.raises(ValueError, match="is not there"):
        ejabberd_file.change(YAML, ejabberd(text, "remove"))


def test_records_are_added_to_a_zone_and_taken_out() -> None:
    zone = "example.org. A 192.0.2.1\nx.example.org.  A   192.0.2.2\n"
    add = Snippet(file="zone", text="y.example.org. A 192.0.2.3\n")
    remove = Snippet(file="zone", text="x.example.org. A 192.0.2.2", action="remove")
    assert zone_file.change(zone_file.change(zone, add), remove) == (
        "example.org. A 192.0.2.1\ny.example.org. A 192.0.2.3\n"
    )
    with pytest.raises(ValueError, match="no record"):
        zone_file.change("", remove)
