"""Web servers as fixtures: nginx and Apache, each with one site as an admin would write it."""

import time
from collections.abc import Sequence
from pathlib import Path

from tests.servers.program import POLL, STOP_LIMIT, Program, ProgramError, accepts

NGINX = """
daemon off;
pid $directory/nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path $directory/body;
    proxy_temp_path $directory/proxy;
    fastcgi_temp_path $directory/fastcgi;
    uwsgi_temp_path $directory/uwsgi;
    scgi_temp_path $directory/scgi;
    include $directory/site.conf;
}
"""

APACHE = """
PidFile $directory/apache.pid
ErrorLog $directory/error.log
ServerName localhost
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule mime_module $modules/mod_mime.so
LoadModule socache_shmcb_module $modules/mod_socache_shmcb.so
LoadModule ssl_module $modules/mod_ssl.so
LoadModule headers_module $modules/mod_headers.so
LoadModule proxy_module $modules/mod_proxy.so
LoadModule proxy_http_module $modules/mod_proxy_http.so
LoadModule proxy_wstunnel_module $modules/mod_proxy_wstunnel.so
TypesConfig /dev/null
Listen $address:443
Include $directory/site.conf
"""


class WebServer(Program):
    """One web server on port 443 of `address` with the text of a `site`; files are served from where that says."""

    main: str

    def __init__(self, directory: Path, address: str, site: str) -> None:
        super().__init__(directory, [(address, 443)], user="www-data")
        self.address = address
        self._site = site

    @property
    def configuration_file(self) -> Path:
        return self.directory / "main.conf"

    def prepare(self) -> None:
        text = self.main.replace("$directory", str(self.directory)).replace("$address", self.address)
        self.configuration_file.write_text(text.replace("$modules", "/usr/lib/apache2/modules"))
        (self.directory / "site.conf").write_text(self._site)

    def kill(self) -> None:
        """End it, and wait for its workers, which hold the port for a moment longer than their master."""
        served = self.running
        super().kill()
        deadline = time.monotonic() + STOP_LIMIT
        while served and any(accepts(address, port) for address, port in self.listens):
            if time.monotonic() > deadline:
                raise ProgramError(f"somebody still listens where {self.name} did after {STOP_LIMIT:.0f} s")
            time.sleep(POLL)


class Nginx(WebServer):
    name = "nginx"
    executable = "nginx"
    package = "nginx-light"
    main = NGINX

    def command(self) -> Sequence[str]:
        return [self.executable, "-p", str(self.directory), "-c", str(self.configuration_file)]


class Apache(WebServer):
    name = "Apache"
    executable = "apache2"
    package = "apache2-bin"
    main = APACHE

    def command(self) -> Sequence[str]:
        return [self.executable, "-DFOREGROUND", "-d", str(self.directory), "-f", str(self.configuration_file)]
