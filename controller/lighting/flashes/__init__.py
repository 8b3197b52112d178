"""What people see flash: the fields of a rig, how often each of them changed, and how a change is held back."""
