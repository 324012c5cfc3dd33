"""Several outcomes as one: of services that are judged each by itself, and of parts that must work all together."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from xmpp_exporter.checks.verdicts import Undecided, of_error, unknown
from xmpp_exporter.model import Outcome, Verdict
from xmpp_exporter.wire.errors import WireError

MAX_NAME = 200
"""Characters of each name in a detail that is put together from several."""

Judgement = Coroutine[Any, Any, Outcome]


async def each(judgements: Mapping[str, Judgement]) -> dict[str, Outcome]:
    """The outcome of each, side by side; one that can't be decided does not disturb the others."""
    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(_outcome(judgement)) for name, judgement in judgements.items()}
    return {name: task.result() for name, task in tasks.items()}


async def _outcome(judgement: Judgement) -> Outcome:
    try:
        return await judgement
    except Undecided as undecided:
        return unknown(undecided.reason, undecided.detail)
    except WireError as error:
        return of_error(error)


def worst_decided(outcomes: Mapping[str, Outcome]) -> Outcome:
    """The worst verdict on a server's services; `unknown` only when none of them could be judged."""
    return _one(outcomes, (Verdict.BROKEN, Verdict.UNSUPPORTED, Verdict.SUPPORTED, Verdict.UNKNOWN))


def all_supported(outcomes: Mapping[str, Outcome]) -> Outcome:
    """`supported` only when every part is known to be."""
    return _one(outcomes, (Verdict.BROKEN, Verdict.UNSUPPORTED, Verdict.UNKNOWN, Verdict.SUPPORTED))


def any_supported(outcomes: Mapping[str, Outcome]) -> Outcome:
    """`supported` when one of several alternatives is; what is not offered counts least."""
    return _one(outcomes, (Verdict.SUPPORTED, Verdict.BROKEN, Verdict.UNKNOWN, Verdict.UNSUPPORTED))


def _one(outcomes: Mapping[str, Outcome], order: Sequence[Verdict]) -> Outcome:
    """The first in `order`, its detail followed by what is to be said of the others; facts of all of them."""
    ranked = sorted(outcomes.items(), key=lambda item: order.index(item[1].verdict))
    first = ranked[0][1]
    alike: dict[tuple[Verdict, str], list[str]] = {}
    for name, outcome in ranked:
        alike.setdefault((outcome.verdict, outcome.detail), []).append(name[:MAX_NAME])
    detail = "; ".join(
        f"{', '.join(names)}: " + ("" if verdict == first.verdict else f"{verdict}, ") + text
        for (verdict, text), names in alike.items()
    )
    facts = {metric: value for _name, outcome in reversed(ranked) for metric, value in outcome.facts.items()}
    return Outcome(first.verdict, first.reason, detail, facts)
