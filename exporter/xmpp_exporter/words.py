"""What reasons mean, in a sentence for people: in the generated docs and on the pages."""

from xmpp_exporter.model import Failure, Reason, Verdict

REASONS: dict[Verdict, dict[Reason, str]] = {
    Verdict.UNSUPPORTED: {
        Reason.NOT_OFFERED: "Nothing says that it is there.",
        Reason.WRONG_ENTITY: "It is announced where clients do not look, such as the domain instead of the account.",
        Reason.OUTDATED: "Only a version is offered that today's clients no longer use.",
    },
    Verdict.BROKEN: {
        Reason.STANZA_ERROR: "The server answered with an XMPP error.",
        Reason.HTTP_STATUS: "The web server answered with an HTTP status that means no.",
        Reason.TLS: "TLS could not be set up.",
        Reason.CERTIFICATE: "The certificate has expired, is for another name, or is signed by nobody who is trusted.",
        Reason.DNS: "A name that the server gives cannot be resolved.",
        Reason.MISMATCH: "The answer is not what was announced, or not what the specification says.",
        Reason.UNREACHABLE: "Nobody answers at an address that the server gives.",
        Reason.COMPONENT_DOWN: "The server's component (group chat, upload, …) was there before and is not connected.",
    },
    Verdict.UNKNOWN: {
        Reason.NO_ACCOUNT: "The check needs an account, and none is configured.",
        Reason.LOGIN_FAILED: "The server did not let the account in.",
        Reason.FORBIDDEN: "It was refused to the probe; others might be let.",
        Reason.TIMEOUT: "No answer came in time.",
        Reason.DISCONNECTED: "The connection ended under the check.",
        Reason.DEPENDS_ON: "Something else that the check needs did not work.",
        Reason.ACCOUNT_HAS_CONTACTS: "Contacts of the account would see what the check publishes.",
        Reason.ARCHIVE_DISABLED: "The account's archive does not keep everything.",
        Reason.NEEDS_SECOND_ACCOUNT: "The check needs a second account.",
        Reason.NOT_DISCOVERABLE: "The server does not tell whether it has it.",
        Reason.PROBER_LIMIT: "The prober may not or cannot try it: a private address, no IPv6, what it does not speak.",
        Reason.NOT_APPLICABLE: "The question does not arise on this server.",
        Reason.EXCLUDED: "The configuration excludes it, has read-only checks only, or has the server as foreign.",
        Reason.INTERNAL: "A fault in the exporter; its log has more.",
    },
}

FAILURES = {
    Failure.DNS: "The domain or its hosts have no address, or the name servers failed.",
    Failure.NOT_OFFERED: "The domain says that it serves no clients.",
    Failure.REFUSED: "Nobody listens there.",
    Failure.UNREACHABLE: "There is no way to the address.",
    Failure.TIMEOUT: "No answer came in time.",
    Failure.TLS: "TLS could not be set up.",
    Failure.CERTIFICATE: "The certificate has expired, is for another name, or is signed by nobody who is trusted.",
    Failure.PROTOCOL: "What came is no XMPP, or more than is read.",
    Failure.DISCONNECTED: "The connection ended before its time.",
    Failure.BAD_PASSWORD: "The login was refused as wrong.",
    Failure.ACCOUNT_DISABLED: "The account is disabled, or has expired.",
    Failure.NO_MECHANISM: "The server offers no way to log in that may be used.",
    Failure.AUTH_FAILED: "The login was refused for another reason.",
    Failure.PROBER_LIMIT: "The prober refused to connect, or had no place for the probe within its interval.",
    Failure.PROBER_NETWORK: "The prober's own network was down, or has no way to such addresses (often: no IPv6).",
    Failure.INTERNAL: "A fault in the exporter, or an unreadable password; its log has more.",
}
