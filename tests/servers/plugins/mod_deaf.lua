-- Never answers a client that asks what has been taken of its stanzas (XEP-0198 §4).
module:hook("stanza/urn:xmpp:sm:3:r", function () return true; end, 1000);
