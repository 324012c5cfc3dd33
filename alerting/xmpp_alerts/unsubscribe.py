"""How readers of mails ask for no more of them: by a mail to the address that alerts.yml has for it (RFC 2369 §3.2)."""

from urllib.parse import quote


def mailto(address: str, subscriber_id: str) -> str:
    """The link to such a mail (RFC 6068 §2), which says who asks."""
    return f"mailto:{quote(address, safe='@')}?subject={quote(f'unsubscribe {subscriber_id}')}"
