"""The account's avatar as others see it: in its vCard, and in its presence.

Both are tried with one avatar: the account's own, or a picture of one pixel for as long as the trial takes. An avatar
that an account has is only looked at, never replaced.
"""

from dataclasses import dataclass

from xmpp_exporter.checks import avatar
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.resources import come_online, first_present
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import NOBODY, asked, eventually, offered_by_account
from xmpp_exporter.checks.verdicts import Undecided, broken, supported, unknown, unsupported
from xmpp_exporter.memo import together
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import StanzaError

CONVERSION = "urn:xmpp:pep-vcard-conversion:0"
IN_PRESENCE = "{vcard-temp:x:update}"
PRESENCE_CHECK = "xep0153"


@dataclass(frozen=True, slots=True)
class _Trial:
    """What was found while there was an avatar. `announced` is the hash in presence; None without any."""

    found: avatar.Avatar
    announced: str | None


async def _trial(server: Server) -> _Trial:
    """Done once for all checks. Raises Undecided when the account has no avatar and none can be made."""
    return await server.share("avatar", lambda: _try(server))


async def _try(server: Server) -> _Trial:
    before = await asked("for the account's avatar", avatar.read(server.session))
    if before.ids:
        return _Trial(before, await _announced(server))
    if not before.vacant:
        detail = "the account has remains of an avatar, or a photo in its vCard alone, which are left as they are"
        raise Undecided(Reason.PROBER_LIMIT, f"{detail}; give it an avatar, or remove them")
    picture = avatar.pixel()
    async with server.leaving("avatar", picture.id, before.disabled):
        await asked("to publish an avatar", avatar.publish(server.session, picture))
        after, announced = await together(
            eventually(lambda: avatar.read(server.session), lambda found: found.photo in found.ids), _announced(server)
        )
        if not _is_known(announced, after):  # it may have come while the server still wrote
            announced = await _announced(server)
        return _Trial(after, announced)


async def _announced(server: Server) -> str | None:
    """The hash in the presence that others get of a device which says nothing of avatars (XEP-0153 §4.1)."""
    if PRESENCE_CHECK not in server.running:
        return None
    # one that comes back without the avatar must not be taken for this one
    session = await first_present(server)
    return (await come_online(session)).findtext(f"{IN_PRESENCE}x/{IN_PRESENCE}photo")


def _is_known(announced: str | None, found: avatar.Avatar) -> bool:
    """Whether the hash in presence is that of the photo in the vCard."""
    return announced is not None and announced.strip().lower() == found.photo


@check("xep0398")
async def avatar_conversion(server: Server) -> Outcome:
    """XEP-0398 §3.1: an avatar that one client publishes is in the vCard that another one reads."""
    if missing := await offered_by_account(server, CONVERSION):
        return missing
    found = (await _trial(server)).found
    if found.photo in found.ids:
        return supported("the avatar is in the vCard, too")
    if found.access_model not in ("open", ""):
        detail = f"not everybody may read the account's avatar (access model {found.access_model!r})"
        return unknown(Reason.PROBER_LIMIT, f"{detail}, and services need not convert such")
    what = "has another photo" if found.photo else "has no photo"
    return broken(Reason.MISMATCH, f"the account's vCard {what}, although it has an avatar that everybody may read")


@check(PRESENCE_CHECK)
async def avatar_in_presence(server: Server) -> Outcome:
    """XEP-0153 and XEP-0398 §3.1: the server adds the photo's hash to presence for clients that don't."""
    if await offered_by_account(server, CONVERSION):
        return await _without_conversion(server)
    trial = await _trial(server)
    if not trial.found.photo:
        return unknown(Reason.DEPENDS_ON, "the account's vCard has no photo that could be made known (see xep0398)")
    if trial.announced is None:
        return unsupported("presence comes without the hash of the account's photo")
    if not _is_known(trial.announced, trial.found):
        return broken(Reason.MISMATCH, f"presence has the hash {trial.announced[:40]!r}, which is not the photo's")
    return supported("the server adds the hash of the account's photo to its presence")


async def _without_conversion(server: Server) -> Outcome:
    try:
        await asked("for the account's vCard", avatar.photo(server.session))
    except StanzaError as error:
        if error.condition in NOBODY:
            return unsupported("the account has no vCard, and so no photo to make known")
        raise
    return unknown(Reason.DEPENDS_ON, f"tried together with the conversion of avatars ({CONVERSION}), which is missing")
