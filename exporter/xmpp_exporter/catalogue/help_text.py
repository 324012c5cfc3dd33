"""Help as people read it: Markdown, in which the commands and configuration are those that the tests carry out."""

import re
from collections.abc import Iterator, Sequence

from xmpp_exporter.catalogue import Check
from xmpp_exporter.catalogue.help_page import CHANGE, Need, Page, Snippet, Variant
from xmpp_exporter.catalogue.software import GENERAL, Version, changed_files, parse_version, software

_EXAMPLE = re.compile(r"(?<![\w-])(probe@)?example\.org(?![\w-])")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+")
_LOCALPART = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")


def told_for(target: str, text: str) -> str:
    """A text that is made here, or HTML of it, for one server: with its domain in the place of `example.org`, or with
    that and an account, in the place of `probe@example.org`, if `target` is a JID.

    Only of letters, digits and the like, which mean nothing to Markdown, HTML or a shell; of others the example stays.
    """
    localpart, _, domain = target.rpartition("@")
    if not _DOMAIN.fullmatch(domain):
        return text
    account = f"{localpart if _LOCALPART.fullmatch(localpart) else 'probe'}@{domain}"
    return _EXAMPLE.sub(lambda found: account if found[1] else domain, text)


def instruction(page: Page, wanted: Sequence[Check], version: Version | None = None) -> str:
    """What a page says about these of its checks to somebody who runs this version; for all versions without one."""
    check, *others = wanted
    parts = [_title(page, check), check.description, *_also(others)]
    obstacles = list(_obstacles(page, version))
    parts += obstacles or _since(page, version)
    variants = [each for each in page.variants or page.all_variants if each.fits(version)]
    if not obstacles:
        parts += [*_needs(page), page.body.replace(CHANGE, "\n\n".join(_change(page, variants, version)))]
        parts += [*_costs(page), _to_see(wanted)]
    parts += _proof(page, variants)
    parts.append("Sources: " + ", ".join(f"<{source}>" for source in page.sources))
    return "\n\n".join(parts) + "\n"


def no_instruction(check: Check, name: str | None, written_for: Sequence[str] = ()) -> str:
    """What to say where nobody has written anything, or not for any software."""
    parts = [
        f"# {check.title} (`{check.id}`)",
        check.description,
        f"{_unwritten(name, written_for)} What is looked for: {check.method}",
        *([] if check.scored else ["It is for information alone: the score is the same without it."]),
        _to_see([check]),
        f"Specification: <{check.link}>",
    ]
    return "\n\n".join(parts) + "\n"


def _unwritten(name: str | None, written_for: Sequence[str]) -> str:
    if name:
        return f"There is no instruction for {software()[name].title} yet."
    if written_for:
        titles = ", ".join(software()[each].title for each in written_for)
        return f"What to change depends on the server's software. There are instructions for: {titles}."
    return "There is no instruction yet."


def command(wanted: Sequence[Check]) -> str:
    """The command that shows whether the checks pass; with an account where they need one."""
    target = "probe@example.org" if any(check.needs for check in wanted) else "example.org"
    return f"xmpp-exporter check {target} --only {','.join(check.id for check in wanted)}"


def _to_see(wanted: Sequence[Check]) -> str:
    return f"To see whether it works:\n\n```sh\n{command(wanted)}\n```"


def _title(page: Page, check: Check) -> str:
    where = "" if page.software == GENERAL else f" with {software()[page.software].title}"
    return f"# {check.title}{where} (`{check.id}`)"


def _also(others: Sequence[Check]) -> Iterator[str]:
    if others:
        yield "The same serves " + ", ".join(f"{check.title} (`{check.id}`)" for check in others) + "."


def _obstacles(page: Page, version: Version | None) -> Iterator[str]:
    title = "" if page.software == GENERAL else software()[page.software].title
    if page.unavailable:
        yield f"**Not available in {title} as of {page.unavailable}.** {page.body}".strip()
    since = parse_version(page.since)
    if since is not None and version is not None and version < since:
        yield f"**{title} has this from version {page.since} on:** an upgrade is needed first."


def _needs(page: Page) -> Iterator[str]:
    if page.needs:
        yield "Before you begin:\n\n" + "\n".join(f"- {_need(each)}" for each in page.needs)


def _costs(page: Page) -> Iterator[str]:
    if page.costs:
        names = ", ".join(f"`{check}`" for check in page.costs)
        yield f"It cannot be had without a loss: {names}, which does not count, fails from then on."


def _need(need: Need) -> str:
    if need.host:
        return f"`{need.host}` has an address in the DNS, and the server's certificate is for it, too."
    if need.port:
        return f"Port {need.port} can be reached from outside."
    return need.other


def _since(page: Page, version: Version | None) -> list[str]:
    if version is not None or not page.since or page.variants:
        return []
    return [f"For {software()[page.software].title} from version {page.since} on."]


def _change(page: Page, variants: list[Variant], version: Version | None) -> Iterator[str]:
    if page.variants:
        yield from map(_snippet, page.snippets)
    for variant in variants:
        if title := _heading(page, variant, version):
            yield f"## {title}"
        if variant.say:
            yield variant.say.strip()
        for snippet in variant.snippets:
            yield _snippet(snippet)
        yield from _apply(page, variant.snippets)
        if variant.why:
            yield f"*Not proven by the tests: {variant.why}*"
        elif page.proven and not _tested(page, variant):
            yield f"*Not proven by the tests, which have {_tested_software(page)}.*"


def _heading(page: Page, variant: Variant, version: Version | None) -> str:
    """What tells one of several variants from the others."""
    if variant.title or version is not None or not page.variants:
        return variant.title
    since, before = variant.since, variant.before
    versions = " ".join(filter(None, (since and f"from {since} on", before and f"before {before}")))
    return f"{software()[page.software].title} {versions}"


def _snippet(snippet: Snippet) -> str:
    file = changed_files()[snippet.file]
    name = file.title or f"`{snippet.file}`"
    return f"{_where(snippet, name)}:\n\n```{file.language}\n{snippet.text.rstrip()}\n```"


def _where(snippet: Snippet, name: str) -> str:
    if snippet.file == "shell":
        return f"In {name}" + (f" (what it prints is `{snippet.gives}` below)" if snippet.gives else "")
    if snippet.into == "end":
        return f"At the end of {name}"
    place = f", under `{snippet.section}`" if snippet.section else ""
    if snippet.into:
        place += f", {'from' if snippet.action == 'remove' else 'in'} the list `{snippet.into}`"
    elif not place and snippet.file.endswith(".lua"):
        place = ", above the first `VirtualHost`"
    return f"{'Remove in' if snippet.action == 'remove' else 'In'} {name}{place}"


def _apply(page: Page, snippets: tuple[Snippet, ...]) -> Iterator[str]:
    """The commands that make the changes hold; a restart makes the reload of the same file needless."""
    commands: dict[str, str] = {}
    for snippet in snippets:
        file = _applied_file(page, snippet)
        if snippet.applied_by == "restart" or (snippet.applied_by == "reload" and file not in commands):
            commands[file] = getattr(changed_files()[file], snippet.applied_by)
    if lines := list(dict.fromkeys(filter(None, commands.values()))):
        yield "Then:\n\n```sh\n" + "\n".join(lines) + "\n```"


def _applied_file(page: Page, snippet: Snippet) -> str:
    """The file whose program is reloaded; after a command, the software's own."""
    own = software()[page.software].file if page.software != GENERAL else ""
    return own if snippet.file == "shell" and own else snippet.file


def _proof(page: Page, variants: Sequence[Variant]) -> Iterator[str]:
    """Nothing is said of what only other versions than the tested one are told."""
    if not page.proven:
        yield f"*Not proven by the tests: {page.why}*"
    elif page.software == GENERAL:
        yield "*Proven: the tests carry it out on a real server.*"
    elif any(_tested(page, variant) for variant in variants):
        yield f"*Proven: the tests carry it out on a real {_tested_software(page)}.*"


def _tested(page: Page, variant: Variant) -> bool:
    return page.software == GENERAL or variant.fits(parse_version(software()[page.software].tested))


def _tested_software(page: Page) -> str:
    entry = software()[page.software]
    return f"{entry.title} {entry.tested}"
