"""Songs that were heard before, and are known again by how they sound."""
