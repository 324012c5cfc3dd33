"""What every service of this project shares; it knows nothing of XMPP and imports nothing else of the project.

A service is made of these, each imported from its own module so that a command that only reads YAML loads no server:

    log.configure(log.Level.INFO, log.Format.LOGFMT)
    web_config = webconfig.WebConfig(Path("web.yml"))
    app.add_routes(health.routes(ready=lambda: True))
    async with listeners.Listeners(app, [address.parse(":15222")], web_config):
        await signals.until_stopped(reload)
"""
