"""How the processes of a show talk: topics, run folder, signs of life."""
