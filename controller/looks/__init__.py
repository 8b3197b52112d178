"""What looks there are: packs that people write as YAML, and the gels they are made of."""
