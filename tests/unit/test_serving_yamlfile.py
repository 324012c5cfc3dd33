"""YAML files as typed objects: every fault comes with its file, its line and its key."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from xmpp_exporter.serving.yamlfile import MAX_BYTES, Document, YamlError, load, validate


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Account(Strict):
    jid: str
    password_file: Path | None = None


class Server(Strict):
    domain: str
    relation: Literal["own", "foreign"] = "foreign"
    account: Account | None = None
    ports: list[int] | str = []
    interval: int = Field(60, alias="every")

    @field_validator("domain")
    @classmethod
    def not_empty(cls, value: str) -> str:
        if not value:
            raise ValueError("wants a domain such as example.org")
        return value


class Settings(Strict):
    servers: list[Server] = []
    named: dict[str, Server] = {}


def written(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "settings.yml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def read(tmp_path: Path, text: str | bytes) -> Document:
    return load(written(tmp_path, text))


def load_errors(tmp_path: Path, text: str | bytes) -> list[str]:
    with pytest.raises(YamlError) as caught:
        load(written(tmp_path, text))
    return [error.removeprefix(f"{tmp_path}/") for error in caught.value.errors]


def model_errors(tmp_path: Path, text: str) -> list[str]:
    document = read(tmp_path, text)
    with pytest.raises(YamlError) as caught:
        validate(document, Settings)
    return [error.removeprefix(f"{tmp_path}/") for error in caught.value.errors]


def test_a_document_is_plain_data_that_knows_its_lines(tmp_path: Path) -> None:
    document = read(
        tmp_path, "# first\nservers:\n  - domain: a.test\n    every: 5\n\n  - domain: b.test\nwhen: 2024-01-01\n"
    )
    assert document.data == {
        "servers": [{"domain": "a.test", "every": 5}, {"domain": "b.test"}],
        "when": "2024-01-01",
    }
    assert document.line(("servers",)) == 2
    assert document.line(("servers", 0, "every")) == 4
    assert document.line(("servers", 1)) == 6
    assert document.line(("servers", 1, "relation")) == 6
    assert document.line(("elsewhere",)) == 2
    assert document.error(("servers", 1, "domain"), "is odd") == f"{document.file}:6: servers[1].domain: is odd"


def test_an_empty_file_is_an_empty_mapping_for_a_model(tmp_path: Path) -> None:
    document = read(tmp_path, "# nothing\n")
    assert document.data is None
    assert document.line(("servers",)) == 1
    assert validate(document, Settings) == Settings()


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(YamlError) as caught:
        load(tmp_path / "none.yml")
    assert caught.value.errors == [f"{tmp_path}/none.yml: cannot be read: No such file or directory"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "settings.yml:3: did not find expected ',' or ']', while parsing a flow sequence"),
        ("a: 1\n\tb: 2\n", "settings.yml:2: found"),
        ("a: 1\n---\nb: 2\n", "settings.yml:2: but found another document, expected a single document in the stream"),
        ("a: *nobody\n", "settings.yml:1: found undefined alias"),
        ("a: 1\nb: \x01\n", "settings.yml:2: the character U+0001 is not allowed"),
        (b"a: 1\nb: \xff\n", "settings.yml:2: is not UTF-8 (byte 0xff)"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "settings.yml:4: b.c: is set twice, first in line 3"),
        ("a:\n- b: 1\n  on: 2\n", 'settings.yml:3: a[0]: the key on is read as bool: write "on"'),
        ("? [1, 2]\n: 3\n", "settings.yml:1: a key must be plain text"),
        ("a: !!python/object/apply:os.system [id]\n", "settings.yml:1: a: the tag !!python/object/apply:os.system is"),
        ("a: !!set {b}\n", "settings.yml:1: a: the tag !!set is not allowed"),
        ("a: !secret b\n", "settings.yml:1: a: the tag !secret is not allowed"),
        ("a: !!int many\n", "settings.yml:1: a: is no int"),
        ("a: !!bool many\n", "settings.yml:1: a: is no bool"),
        ("a:\n  &x\n  b: *x\n", "settings.yml:2: a.b: an alias (*name) stands inside the value that it names"),
        ("a: &x\n  <<: *x\n", "an alias (*name) stands inside the value that it names"),
        ("a:\n  <<: 5\n", "settings.yml:2: a.<<: wants a mapping, or a list of mappings"),
        ("[" * 65 + "]" * 65, "settings.yml:1: is nested deeper than 64 levels"),
    ],
)
def test_what_is_no_document_is_refused_with_its_line(tmp_path: Path, text: str | bytes, error: str) -> None:
    assert error in "\n".join(load_errors(tmp_path, text))


def test_two_hundred_thousand_levels_do_not_crash_the_reader(tmp_path: Path) -> None:
    assert load_errors(tmp_path, "- " * 200_000) == ["settings.yml:1: is nested deeper than 64 levels"]


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    assert load_errors(tmp_path, b"#" * (MAX_BYTES + 1)) == ["settings.yml: is larger than 10 MB"]


def test_all_duplicates_are_told_at_once(tmp_path: Path) -> None:
    assert load_errors(tmp_path, "a: 1\na: 2\nb:\n- c: 1\n  c: 1\n") == [
        "settings.yml:2: a: is set twice, first in line 1",
        "settings.yml:5: b[0].c: is set twice, first in line 4",
    ]


def test_aliases_and_merges_are_followed_and_own_keys_win(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        "base: &base {relation: own, every: 5}\nother: &other\n  every: 9\n  ports: [1]\n"
        "server:\n  <<: [*base, *other]\n  relation: foreign\nsame: *base\n",
    )
    assert document.data["server"] == {"relation": "foreign", "every": 5, "ports": [1]}
    assert document.data["same"] == {"relation": "own", "every": 5}
    assert document.line(("server", "relation")) == 7
    assert document.line(("server", "ports")) == 4


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    levels = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "aliases (*name) expand to more than 1,000,000 values" in load_errors(tmp_path, "\n".join(levels))[0]


def test_merges_that_double_at_each_level_cost_no_more_than_their_keys(tmp_path: Path) -> None:
    levels = ["l0: &l0 {a: 1}"] + [f"l{n}: &l{n} {{<<: [*l{n - 1}, *l{n - 1}]}}" for n in range(1, 100)]
    assert read(tmp_path, "\n".join(levels)).data["l99"] == {"a": 1}


def test_every_complaint_of_the_model_has_its_line_and_key_in_the_files_order(tmp_path: Path) -> None:
    text = """\
servers:
  - domain: a.test
    acount:
      jid: probe@a.test
  - relation: mine
    account:
      jid: probe@b.test
      passwordfile: /run/b
  - domain: ""
    ports: [1, many]
    every: soon
  - just text
named:
  c: {domain: c.test, quite_different: 1}
"""
    assert model_errors(tmp_path, text) == [
        "settings.yml:3: servers[0].acount: unknown key; did you mean account?",
        "settings.yml:5: servers[1].domain: is required",
        "settings.yml:5: servers[1].relation: should be 'own' or 'foreign'",
        "settings.yml:8: servers[1].account.passwordfile: unknown key; did you mean password_file?",
        "settings.yml:9: servers[2].domain: wants a domain such as example.org",
        "settings.yml:10: servers[2].ports[1]: should be a valid integer, unable to parse string as an integer",
        "settings.yml:10: servers[2].ports: should be a valid string",
        "settings.yml:11: servers[2].every: should be a valid integer, unable to parse string as an integer",
        "settings.yml:12: servers[3]: wants a mapping (key: value)",
        "settings.yml:14: named.c.quite_different: unknown key; known here: account, domain, every, ports, relation",
    ]


def test_a_list_where_a_mapping_belongs_is_told_for_the_whole_file(tmp_path: Path) -> None:
    assert model_errors(tmp_path, "- a\n") == ["settings.yml:1: wants a mapping (key: value)"]


def test_a_complaint_never_quotes_the_value(tmp_path: Path) -> None:
    assert "hunter2" not in "\n".join(model_errors(tmp_path, "servers:\n- domain: a.test\n  every: hunter2\n"))


def test_a_context_reaches_the_validators(tmp_path: Path) -> None:
    seen = []

    class Watched(Strict):
        a: int

        @field_validator("a")
        @classmethod
        def see(cls, value: int, info: object) -> int:
            seen.append(info.context)  # type: ignore[attr-defined]
            return value

    validate(read(tmp_path, "a: 1\n"), Watched, context={"directory": tmp_path})
    assert seen == [{"directory": tmp_path}]
