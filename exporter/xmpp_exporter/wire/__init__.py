"""All that touches the network. Nothing outside this package opens a connection or asks a name server."""
