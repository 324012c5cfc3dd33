-- A gateway as bridges to other networks present themselves: group chat in their disco, and a gateway identity.
module:depends("disco");
module:add_identity("gateway", "irc", "IRC gateway");
module:add_identity("conference", "irc", "IRC gateway");
module:add_identity("conference", "text", "IRC gateway");
module:add_feature("http://jabber.org/protocol/muc");
