"""Three invented engineers, and the proof that a room's hand is learnt."""
