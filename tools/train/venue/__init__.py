"""A venue that does not exist: stage video with known light, to measure what `tools.train.footage` finds in it.

Shares no code with the extractor: what one assumes about cameras the other must not know.
"""
