"""The configuration's files as a whole: defaults, servers.d/, and every error at its file, line and key."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xmpp_exporter.config import Config, HostPort, ServerConfig, load_config
from xmpp_exporter.serving.yamlfile import YamlError

CHECKS = ("xep0045", "xep0077", "xep0313")

Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes the main file, and those of servers.d by name, and loads them."""

    def write_and_load(main: str, **separate: str) -> Config:
        (tmp_path / "exporter.yml").write_text(main)
        for name, text in separate.items():
            (tmp_path / "servers.d").mkdir(exist_ok=True)
            (tmp_path / "servers.d" / f"{name}.yml").write_text(text)
        return load_config(tmp_path / "exporter.yml", CHECKS)

    return write_and_load


@pytest.fixture
def errors(load: Load, tmp_path: Path) -> Callable[..., list[str]]:
    """The errors of such a load, without the folder."""

    def load_in_vain(main: str, **separate: str) -> list[str]:
        with pytest.raises(YamlError) as raised:
            load(main, **separate)
        return [error.replace(f"{tmp_path}/", "") for error in raised.value.errors]

    return load_in_vain


Errors = Callable[..., list[str]]


def test_an_empty_file_is_a_prober_without_servers(load: Load) -> None:
    assert load("# nothing yet\n") == Config()


def test_the_probers_own_settings_are_read(load: Load) -> None:
    config = load(
        "resolver: {nameservers: [127.0.0.1, '2001:db8::1'], port: 5353}\n"
        "contact: https://xmpp.example.org/prober\n"
        "canaries: ['example.net:443', '[2001:db8::1]:443']\n"
        "limits: {concurrent_probes: 4, probes_per_address: 1, connections_per_address: 5}\n"
    )
    assert config.resolver.nameservers == ("127.0.0.1", "2001:db8::1")
    assert config.resolver.port == 5353
    assert config.contact == "https://xmpp.example.org/prober"
    assert config.canaries == (HostPort("example.net", 443), HostPort("2001:db8::1", 443))
    assert config.limits.connections_per_address == 5


def test_an_empty_list_of_nameservers_is_refused(errors: Errors) -> None:
    assert errors("resolver: {nameservers: []}") == [
        "exporter.yml:1: resolver.nameservers: has no address: leave the key out to ask the system's"
    ]


def test_a_server_is_found_by_its_domain(load: Load) -> None:
    config = load("servers: [{domain: a.test}, {domain: B.test}]")
    assert config.server("b.test") is config.servers[1]
    assert config.server("c.test") is None
    assert config == load("servers: [{domain: a.test}, {domain: b.test}]")


def test_defaults_are_merged_key_by_key_and_lists_as_a_whole(load: Load) -> None:
    config = load(
        "defaults: {relation: own, intervals: {availability: 30s, compliance: 2h}, exclude: [xep0077, xep0045]}\n"
        "servers:\n"
        "- {domain: a.test}\n"
        "- {domain: b.test, intervals: {compliance: 3h}, exclude: [xep0313]}\n"
    )
    first, second = config.servers
    assert (first.relation, second.relation) == ("own", "own")
    assert (first.intervals.availability, first.intervals.compliance) == (30, 7200)
    assert (second.intervals.availability, second.intervals.compliance) == (30, 10800)
    assert (first.exclude, second.exclude) == (("xep0077", "xep0045"), ("xep0313",))


def test_an_empty_value_sets_a_default_aside(load: Load) -> None:
    config = load("defaults: {muc_service: rooms.test}\nservers: [{domain: a.test, muc_service: }, {domain: b.test}]")
    assert [server.muc_service for server in config.servers] == [None, "rooms.test"]


def test_servers_of_the_folder_come_after_those_of_the_file_by_file_name(load: Load) -> None:
    config = load(
        "defaults: {relation: own}\nservers: [{domain: z.test}]",
        b="servers: [{domain: c.test}, {domain: d.test}]",
        a="domain: e.test",
        empty="# to be written\n",
    )
    assert [server.domain for server in config.servers] == ["z.test", "e.test", "c.test", "d.test"]
    assert {server.relation for server in config.servers} == {"own"}


def test_only_visible_yaml_files_of_the_folder_are_read(load: Load, tmp_path: Path) -> None:
    (tmp_path / "servers.d").mkdir()
    for name in (".#a.yml", "a.yml~", "a.yml.swp", "README"):
        (tmp_path / "servers.d" / name).write_text("broken: [")
    (tmp_path / "servers.d" / "b.yaml").write_text("domain: b.test")
    assert [server.domain for server in load("").servers] == ["b.test"]


def test_a_folder_that_cannot_be_read_is_an_error_rather_than_no_servers(errors: Errors, tmp_path: Path) -> None:
    (tmp_path / "servers.d").write_text("")
    assert errors("") == ["servers.d: cannot be read: Not a directory"]


def test_paths_start_at_the_file_that_names_them(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = "{{domain: {0}, relation: own, account: {{jid: p@{0}, password_file: {1}}}}}"
    config = load(
        f"servers: [{server.format('a.test', 'a.pw')}]",
        b=server.format("b.test", "/run/b.pw"),
        c=server.format("c.test", "c.pw"),
    )
    accounts = [server.account for server in config.servers]
    assert [account.password_path() for account in accounts if account] == [
        tmp_path / "a.pw",
        Path("/run/b.pw"),
        tmp_path / "servers.d" / "c.pw",
    ]
    monkeypatch.chdir(tmp_path)
    relative = load_config(Path("exporter.yml"), CHECKS)
    assert relative == config


def test_a_ca_file_must_hold_certificates(errors: Errors, tmp_path: Path) -> None:
    assert errors("tls: {ca_file: ca.pem}") == [
        f"exporter.yml:1: tls.ca_file: {Path('ca.pem')}: cannot be read: No such file or directory"
    ]
    (tmp_path / "ca.pem").write_text("no certificate\n")
    assert errors("tls:\n  ca_file: ca.pem") == ["exporter.yml:2: tls.ca_file: ca.pem: has no certificates in PEM form"]


def test_one_compliance_probe_must_find_its_connections_to_an_address(errors: Errors) -> None:
    (error,) = errors("limits:\n  connections_per_address: 4")
    assert error.startswith("exporter.yml:2: limits.connections_per_address: ")
    assert "5" in error


def test_everything_that_is_wrong_is_told_at_once_in_order(errors: Errors) -> None:
    found = errors(
        "resolver: {port: 0}\n"
        "servers:\n"
        "- domian: a.test\n"
        "- domain: b.test\n"
        "  timeouts:\n"
        "    conect: 5s\n"
        "  exclude: xep0077\n"
        "- just text\n"
        "colour: blue\n",
        x="domain: c.test\nlisted: true\n",
        y="servers:\n- domain: d.test\n  expect: [xep0045, xep031]\n",
        z="[]",
        broken="a: [",
    )
    places = [re.match(r"([^ ]+): (?:([^ ]+): )?", error) for error in found]
    assert [place and place.group(0) for place in places] == [
        "exporter.yml:1: resolver.port: ",
        "exporter.yml:3: servers[0].domain: ",
        "exporter.yml:3: servers[0].domian: ",
        "exporter.yml:6: servers[1].timeouts.conect: ",
        "exporter.yml:7: servers[1].exclude: ",
        "exporter.yml:8: servers[2]: ",
        "exporter.yml:9: colour: ",
        "servers.d/broken.yml:2: ",
        "servers.d/x.yml:2: listed: ",
        "servers.d/y.yml:3: servers[0].expect[1]: ",
        "servers.d/z.yml:1: ",
    ]
    assert found[2].endswith("did you mean domain?")
    assert found[3].endswith("did you mean connect?")
    assert found[4].endswith("wants a list")
    assert found[9].endswith("did you mean xep0313?")


def test_what_is_wrong_in_defaults_is_said_once_where_it_stands(errors: Errors) -> None:
    assert errors(
        "defaults:\n"
        "  timeouts: {reply: soon}\n"
        "  intervalls: {}\n"
        "  domain: a.test\n"
        "  account: {}\n"
        "servers: [{domain: a.test}, {domain: b.test}]\n",
        c="domain: c.test",
    ) == [
        "exporter.yml:2: defaults.timeouts.reply: is no duration: write 500ms, 60s, 5m, 1h30m or 1d, "
        "or a number of seconds",
        "exporter.yml:3: defaults.intervalls: unknown key; did you mean intervals?",
        "exporter.yml:4: defaults.domain: belongs to each server, not to defaults",
        "exporter.yml:5: defaults.account: belongs to each server, not to defaults",
    ]


def test_a_default_that_does_not_suit_some_servers_names_them(errors: Errors) -> None:
    found = errors(
        "defaults:\n"
        "  intervals:\n"
        "    availability: 60s\n"
        "    compliance: 1d\n"
        "servers: [{domain: a.test, relation: own}, {domain: b.test}, {domain: c.test, intervals: {compliance: 2d}}]\n",
        d="domain: d.test\nintervals: {availability: 1h}\n",
        e="domain: e.test\nintervals: {availability: 2m}\n",
    )
    assert len(found) == 2
    assert found[0].startswith("exporter.yml:3: defaults.intervals.availability: must be at least 15m")
    assert found[0].endswith("(for b.test and 1 more)")
    assert found[1].startswith("servers.d/e.yml:2: intervals.availability: must be at least 15m")


def test_a_domain_is_configured_once(errors: Errors) -> None:
    assert errors(
        "servers:\n- domain: bücher.test\n- domain: a.test\n- domain: A.test.\n",
        b="domain: xn--bcher-kva.test",
    ) == [
        "exporter.yml:4: servers[2].domain: a.test is configured already at exporter.yml:3",
        "servers.d/b.yml:1: domain: xn--bcher-kva.test is configured already at exporter.yml:2",
    ]


@pytest.mark.parametrize(
    "main", ["[]", "text", "servers: text", "servers: [[]]", "defaults: []", "servers: {domain: a.test}"]
)
def test_another_shape_is_refused(errors: Errors, main: str) -> None:
    assert len(errors(main)) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(YamlError, match=r"exporter\.yml: cannot be read: No such file"):
        load_config(tmp_path / "exporter.yml", CHECKS)


def test_a_value_is_never_quoted_where_a_password_could_stand(errors: Errors) -> None:
    found = errors(
        "servers: [{domain: a.test, relation: own, account: {jid: hunter2, password: hunter2, password_file: []}}]"
    )
    assert len(found) == 3
    assert "hunter2" not in "".join(found)


def test_a_rendered_configuration_has_all_defaults_and_no_secret(load: Load, tmp_path: Path) -> None:
    (tmp_path / "probe.pw").write_text("hunter2\n")
    config = load("servers: [{domain: a.test, relation: own, account: {jid: probe@a.test, password_file: probe.pw}}]")
    text = config.render()
    assert "hunter2" not in text
    data = yaml.safe_load(text)
    assert data["limits"] == {"concurrent_probes": 100, "probes_per_address": 2, "connections_per_address": 6}
    assert next(iter(data["servers"][0])) == "domain"
    assert data["servers"][0]["account"] == {
        "jid": "probe@a.test",
        "password_file": str(tmp_path / "probe.pw"),
        "allow_plain": False,
        "allow_contacts": False,
    }
    assert data["servers"][0]["intervals"] == {"availability": "1m", "compliance": "1h"}
    assert load(text) == config


def test_a_second_password_that_cannot_be_read_is_told_as_such(load: Load, tmp_path: Path) -> None:
    (tmp_path / "a.pw").write_text("hunter2\n")
    accounts = "account: {jid: p@a.test, password_file: a.pw}, second_account: {jid: q@a.test, password_file: b.pw}"
    config = load(f"servers: [{{domain: a.test, relation: own, {accounts}}}]")
    assert config.password_problems() == [
        f"a.test: second_account: {tmp_path / 'b.pw'}: cannot be read: No such file or directory"
    ]


def test_passwords_that_cannot_be_read_are_told_by_domain(load: Load, tmp_path: Path) -> None:
    (tmp_path / "a.pw").write_text("hunter2\n")
    server = "{{domain: {0}.test, relation: own, account: {{jid: p@{0}.test, password_file: {0}.pw}}}}"
    config = load(f"servers: [{', '.join(server.format(name) for name in 'ab')}, {{domain: c.test}}]")
    assert config.password_problems() == [
        f"b.test: account: {tmp_path / 'b.pw'}: cannot be read: No such file or directory"
    ]


labels = st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True)
seconds = st.integers(min_value=90_000, max_value=10**8).map(lambda number: number / 1000)
server_settings = st.fixed_dictionaries(
    {},
    optional={
        "relation": st.sampled_from(["own", "permitted"]),
        "intervals": st.fixed_dictionaries({}, optional={"availability": seconds, "compliance": seconds}),
        "timeouts": st.fixed_dictionaries({}, optional={"connect": seconds, "reply": seconds}),
        "exclude": st.lists(st.sampled_from(CHECKS), unique=True),
        "intrusive": st.booleans(),
        "listed": st.booleans(),
        "muc_service": labels,
        "websocket_url": st.just("wss://a.test/ws"),
    },
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def nearly(keys: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys) | st.text(max_size=6), values, max_size=5)


server_like = nearly(["domain", "account", *ServerConfig.model_fields], anything)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(server_settings, max_size=3))
def test_a_rendered_configuration_loads_as_itself(load: Load, servers: list[dict[str, Any]]) -> None:
    written = {"servers": [{"relation": "own"} | data | {"domain": f"s{n}.test"} for n, data in enumerate(servers)]}
    config = load(yaml.safe_dump(written))
    assert load(config.render()) == config


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(server_settings)
def test_a_setting_means_the_same_in_defaults_and_in_the_server(load: Load, data: dict[str, Any]) -> None:
    data = {"relation": "own"} | data
    inherited = load(yaml.safe_dump({"defaults": data, "servers": [{"domain": "a.test"}]}))
    written = load(yaml.safe_dump({"servers": [{"domain": "a.test"} | data]}))
    assert inherited == written


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    nearly(list(Config.model_fields), anything)
    | st.fixed_dictionaries({"defaults": server_like, "servers": st.lists(server_like, max_size=3)}),
    server_like,
)
def test_any_data_is_a_configuration_or_told_to_be_wrong(
    load: Load, main: dict[str, Any], separate: dict[str, Any]
) -> None:
    try:
        config = load(yaml.safe_dump(main), a=yaml.safe_dump(separate))
    except YamlError as error:
        assert error.errors
        assert all(re.match(r".*/(exporter|servers\.d/a)\.yml:\d+: ", line) for line in error.errors)
    else:
        assert load(config.render(), a="") == config
