"""Rigs as other programs list them: MVR scenes, QLC+ workspaces, patch lists; read, guessed at, and written."""
