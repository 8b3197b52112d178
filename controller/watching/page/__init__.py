"""The operator page: what it shows (feed), its messages (wire), who may see it (admission), how it is served."""
