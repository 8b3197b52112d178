"""The light decoder: data, network, training, export. `python -m tools.train.skipbart VERB`."""
