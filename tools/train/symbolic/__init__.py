"""The symbolic music models: octuples, PianoBART, Adversarial-MidiBERT and what they are set beside."""
