"""A ready text for a subscriber, such as the weekly report."""

import hashlib

from pydantic import BaseModel, ConfigDict, Field

from xmpp_alerts.bridge.styling import MAX_BYTES


class Note(BaseModel):
    """`id` is the sender's own name for it: the same twice is the same message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=MAX_BYTES)
    """As it is, with the styling that it has; cut after 9,000 bytes."""

    @property
    def message_id(self) -> str:
        return f"xmpp-alerts-{hashlib.sha256(f'note {self.id}'.encode()).hexdigest()[:32]}"
