-- Serves /.well-known/host-meta and host-meta.json (XEP-0156) from `host_meta_links`, a table of link name to address.
-- With `host_meta_ttl` the JSON format is for XEP-0487, too, with the links of `host_meta_hosts`, a table of link name
-- to its fields.
module:depends("http");

local json = require "util.json";
local st = require "util.stanza";

local links = module:get_option("host_meta_links", {});
local hosts = module:get_option("host_meta_hosts", {});
local ttl = module:get_option_number("host_meta_ttl");

local function xrd(event)
	local document = st.stanza("XRD", { xmlns = "http://docs.oasis-open.org/ns/xri/xrd-1.0" });
	for name, href in pairs(links) do
		document:tag("Link", { rel = "urn:xmpp:alt-connections:" .. name, href = href }):up();
	end
	event.response.headers.content_type = "application/xrd+xml";
	return "<?xml version='1.0' encoding='UTF-8'?>" .. tostring(document);
end

local function jrd(event)
	local list = {};
	for name, href in pairs(links) do
		table.insert(list, { rel = "urn:xmpp:alt-connections:" .. name, href = href });
	end
	for name, fields in pairs(hosts) do
		local link = { rel = "urn:xmpp:alt-connections:" .. name };
		for field, value in pairs(fields) do link[field] = value; end
		table.insert(list, link);
	end
	event.response.headers.content_type = "application/json";
	return json.encode({ links = list, xmpp = ttl and { ttl = ttl } or nil });
end

module:provides("http", {
	name = "host_meta";
	default_path = "/.well-known";
	route = { ["GET /host-meta"] = xrd; ["GET /host-meta.json"] = jrd };
});
