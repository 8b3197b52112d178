"""RDM through olad: what hangs on the wire, asked and told."""
