"""Real XMPP servers on loopback addresses, and fakes for what real ones won't do, for tests, the demonstration and
the benchmarks. It needs root and Debian's packages, and knows nothing of pytest."""
