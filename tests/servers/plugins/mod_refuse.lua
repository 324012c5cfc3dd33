-- Answers with an error what other modules advertise: `refuse` lists queries as NAMESPACE:ELEMENT.
-- Stream management and registration are asked for outside of ordinary queries; both have a hook of their own.
local st = require "util.stanza";

local function refuse(event)
	event.origin.send(st.error_reply(event.stanza, "wait", "internal-server-error", "Refused for the test"));
	return true;
end

for query in module:get_option_inherited_set("refuse", {}) do
	if query == "urn:xmpp:sm:3:enable" then
		module:hook("stanza/" .. query, function (event)
			event.origin.send(st.stanza("failed", { xmlns = "urn:xmpp:sm:3" })
				:tag("internal-server-error", { xmlns = "urn:ietf:params:xml:ns:xmpp-stanzas" }));
			return true;
		end, 1000);
	elseif query == "jabber:iq:register:query" then
		module:hook("stanza/iq/" .. query, refuse, 1000);
	else
		for _, destination in ipairs({ "self", "bare", "host" }) do
			module:hook("iq/" .. destination .. "/" .. query, refuse, 1000);
		end
	end
end
