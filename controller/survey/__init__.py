"""The rig measures itself: what every head plays for a camera, and what a film of it says about the rig."""
