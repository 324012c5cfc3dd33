-- Advertises what this version has no module for: features of the domain and of accounts, and where to find news of
-- outages (XEP-0455), with a status that is served here.
local dataforms = require "util.dataforms";

for feature in module:get_option_set("advertise", {}) do
	module:add_feature(feature);
end

local of_accounts = module:get_option_set("advertise_to_account", {});
module:hook("account-disco-info", function (event)
	for feature in of_accounts do
		event.reply:tag("feature", { var = feature }):up();
	end
end);

local status = module:get_option_string("advertise_status");
if status then
	module:add_extension(dataforms.new({
		{ name = "FORM_TYPE", type = "hidden", value = "urn:xmpp:sos:0" };
		{ name = "external-status-addresses", type = "list-multi" };
	}):form({ ["external-status-addresses"] = { status } }, "result"));
end

module:provides("http", {
	name = "status";
	default_path = "/status.json";
	route = { GET = function (event)
		event.response.headers.content_type = "application/json";
		return "{}";
	end };
});
