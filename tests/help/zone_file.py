"""Changes to a DNS zone as a page of help asks for them."""

from xmpp_exporter.catalogue.help_page import Snippet


def change(text: str, snippet: Snippet) -> str:
    """The zone's text with the change in it. Raises ValueError where there is nothing to remove."""
    records = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    for record in (" ".join(line.split()) for line in snippet.text.splitlines() if line.strip()):
        if snippet.action == "add":
            records.append(record)
        elif record in records:
            records.remove(record)
        else:
            raise ValueError(f"the zone has no record {record}")
    return "\n".join(records) + "\n"
