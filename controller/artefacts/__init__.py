"""Models on disk: manifests, generations, downloads."""
