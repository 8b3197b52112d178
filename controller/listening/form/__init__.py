"""The form of the song as it is played: bars, sections, which of them come again, and the look that each is given."""
