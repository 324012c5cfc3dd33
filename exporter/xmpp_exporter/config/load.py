"""Reads the configuration file and `servers.d/` beside it into one Config, and finds all that is wrong in one go."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from xmpp_exporter.config.findings import Findings
from xmpp_exporter.config.root import Config, ProberSettings
from xmpp_exporter.config.server import ServerConfig, ServerSettings
from xmpp_exporter.config.values import parse_domain
from xmpp_exporter.serving.section import Section
from xmpp_exporter.serving.yamlfile import Document, KeyPath
from xmpp_exporter.serving.yamlmodel import problems

SERVERS_FOLDER = "servers.d"

ModelT = TypeVar("ModelT", bound=BaseModel)


def _refuse_per_server_key(value: Any) -> None:
    raise ValueError("belongs to each server, not to defaults")


_PerServerKey = Annotated[None, BeforeValidator(_refuse_per_server_key)]


class _Defaults(ServerSettings):
    domain: _PerServerKey = None
    account: _PerServerKey = None


class _ServersFile(Section):
    servers: tuple[dict[str, Any], ...] = ()


class _MainFile(ProberSettings):
    defaults: _Defaults = _Defaults()
    servers: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class _Entry:
    """One server as written: `data` stands at `path` of the document."""

    document: Document
    path: KeyPath
    data: dict[str, Any]


def load_config(path: Path, checks: Collection[str]) -> Config:
    """Load the configuration at `path`; `checks` are the ids that `exclude` and `expect` may name.

    Raises serving.yamlfile.YamlError with everything that is wrong in all files, each with its file, line and key.
    """
    findings = Findings()
    document = findings.load(path)
    if document is None:
        raise findings.error()
    main = _main_file(findings, document, checks)
    entries = [*_listed(document), *_separate(findings, document.file.parent / SERVERS_FOLDER)]
    _refuse_duplicates(findings, entries)
    servers = [_server(findings, entry, document, checks) for entry in entries]
    _refuse_too_many_pairs(findings, document, main, servers)
    if main is None or findings:
        raise findings.error()
    settings = {name: getattr(main, name) for name in ProberSettings.model_fields}
    return Config(servers=tuple(server for server in servers if server is not None), **settings)


def _main_file(findings: Findings, document: Document, checks: Collection[str]) -> _MainFile | None:
    data = {} if document.data is None else document.data
    try:
        return _MainFile.model_validate(data, context=_context(document, checks))
    except ValidationError as error:
        for problem in problems(error, data, _MainFile):
            findings.add(document, problem.path, problem.message)
        return None


def _context(document: Document, checks: Collection[str]) -> dict[str, Any]:
    return {"checks": checks, "directory": document.file.parent.absolute()}


def _listed(document: Document) -> Iterator[_Entry]:
    servers = document.data.get("servers") if isinstance(document.data, dict) else None
    for position, data in enumerate(servers if isinstance(servers, list) else []):
        if isinstance(data, dict):
            yield _Entry(document, ("servers", position), data)


def _separate(findings: Findings, folder: Path) -> Iterator[_Entry]:
    """The servers of the folder's YAML files, by file name; hidden files are an editor's or Kubernetes' own."""
    try:
        files = sorted(
            path for path in folder.iterdir() if path.suffix in (".yml", ".yaml") and not path.name.startswith(".")
        )
    except FileNotFoundError:
        return
    except OSError as error:
        findings.add_unreadable(folder, error)
        return
    for path in files:
        document = findings.load(path)
        if document is None or document.data is None:
            continue
        if not isinstance(document.data, dict):
            findings.add(document, (), "wants one server, or a list of them under servers:")
        elif "servers" not in document.data:
            yield _Entry(document, (), document.data)
        else:
            try:
                _ServersFile.model_validate(document.data)
            except ValidationError as error:
                for problem in problems(error, document.data, _ServersFile):
                    findings.add(document, problem.path, problem.message)
            yield from _listed(document)


def _refuse_too_many_pairs(
    findings: Findings, document: Document, main: _MainFile | None, servers: Iterable[ServerConfig | None]
) -> None:
    if main is None:
        return
    pairs = main.federation.pairs(server for server in servers if server is not None)
    count = sum(len(peers) for peers in pairs.values())
    if count > main.federation.max_pairs:
        message = (
            f"these are {count} pairs of a server with an account and a peer, more than max_pairs, which is "
            f"{main.federation.max_pairs}: list fewer peers, or allow more"
        )
        findings.add(document, ("federation", "peers"), message)


def _refuse_duplicates(findings: Findings, entries: list[_Entry]) -> None:
    first: dict[str, str] = {}
    for entry in entries:
        try:
            domain = parse_domain(entry.data["domain"])
        except (KeyError, AttributeError, TypeError, ValueError):
            continue  # said where the server is validated
        path = (*entry.path, "domain")
        place = f"{entry.document.file}:{entry.document.line(path)}"
        if domain in first:
            findings.add(entry.document, path, f"{domain} is configured already at {first[domain]}")
        else:
            first[domain] = place


def _defaults(main: Document) -> dict[str, Any]:
    written = main.data.get("defaults") if isinstance(main.data, dict) else None
    # What does not belong there was refused already.
    known = ServerSettings.model_fields
    return {key: value for key, value in written.items() if key in known} if isinstance(written, dict) else {}


def _server(findings: Findings, entry: _Entry, main: Document, checks: Collection[str]) -> ServerConfig | None:
    defaults = _defaults(main)
    data = _merged(defaults, entry.data)
    try:
        return ServerConfig.model_validate(data, context=_context(entry.document, checks))
    except ValidationError as error:
        for problem in problems(error, data, ServerConfig):
            if _depth(entry.data, problem.path) >= _depth(defaults, problem.path):
                findings.add(entry.document, (*entry.path, *problem.path), problem.message)
            else:
                findings.add(main, ("defaults", *problem.path), problem.message, str(entry.data.get("domain")))
        return None


def _merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own` over `defaults`: mappings key by key, anything else as a whole, an empty value included."""
    data = {**defaults, **own}
    for key in defaults.keys() & own.keys():
        if isinstance(defaults[key], dict) and isinstance(own[key], dict):
            data[key] = _merged(defaults[key], own[key])
    return data


def _depth(data: Any, path: KeyPath) -> int:
    """How many steps of `path` exist in `data`."""
    for depth, part in enumerate(path):
        in_list = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if not in_list and not (isinstance(data, dict) and part in data):
            return depth
        data = data[part]
    return len(path)
