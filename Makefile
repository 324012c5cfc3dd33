# The real servers that the demonstration and the tests start, from Debian.
SERVERS = prosody prosody-modules ejabberd coturn knot unbound prometheus
ALERTMANAGER = prometheus-alertmanager
# Those that pages of help are proven with.
WEB_SERVERS = nginx-light apache2-bin
# For the types of Grafana's dashboards; Node.js from elsewhere brings an npm of its own.
NODE = $(if $(shell command -v npm),,nodejs npm)
# For badges and pages: a browser to look at them, the font that their texts are measured with, and load.
BROWSER = chromium fonts-dejavu-core
PYTHON = .venv/bin/python
# Said before anything is installed.
NEEDS_ROOT = test "$$(id -u)" = 0 || \
	{ echo "The real servers run as users of their own and on port 443; as root: sudo make $@" >&2; exit 2; }

.PHONY: demo test check docs dashboards bench help-check

# Real servers, the exporter, Prometheus, the pages, and alerts by mail and chat, on loopback, until Ctrl-C; ONCE=1 ends
# when the verdicts are shown.
demo:
	@$(NEEDS_ROOT)
	@deploy/install $(SERVERS) $(ALERTMANAGER)
	@exec $(PYTHON) -m deploy.demo $(if $(ONCE),--once)

# Everything that is tested: style, types, and the program against the real servers. Needs root.
test:
	@$(NEEDS_ROOT)
	@deploy/install $(SERVERS) $(WEB_SERVERS) $(ALERTMANAGER) iproute2 wrk $(BROWSER) $(NODE)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest --numprocesses 2 --dist loadfile

# Style and types alone, in seconds.
check:
	@deploy/install
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

# The pages of docs/ that are made of the catalogue and the metrics' contract.
docs:
	@deploy/install
	$(PYTHON) -m docs.generate

# Grafana's dashboards, made of the panels in dashboards/boards and the catalogue.
dashboards:
	@deploy/install
	$(PYTHON) -m dashboards.build

# What a probe, a scrape, a rule and a badge cost; needs root.
bench:
	@$(NEEDS_ROOT)
	@deploy/install $(SERVERS) iproute2 wrk
	$(PYTHON) -m tests.bench

# Carries out one page of help on a real server: make help-check SOFTWARE=prosody CHECK=xep0313. Needs root.
help-check:
	@$(NEEDS_ROOT)
	@deploy/install $(SERVERS) $(WEB_SERVERS)
	@$(PYTHON) -m tests.help "$(SOFTWARE)" "$(CHECK)"
