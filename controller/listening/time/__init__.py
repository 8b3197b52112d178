"""What a listener knows of time: beats, bars, and what happens in them; causal, predicted ahead."""
