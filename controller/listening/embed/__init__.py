"""Windows to embeddings: the OpenL3 contract, one second of 48 kHz mono in, 512 floats out."""
