-- Lets modules for newer versions of Prosody (mod_sasl2) ask a connection of 0.12 about its TLS, as they do there.
module:hook("stream-features", function (event)
	local conn = event.origin.conn;
	if conn and not conn.ssl_info then
		conn.ssl_info = function () return { protocol = "TLSv1.3" }; end
	end
end, 1000);
