"""What terminals said and what the wire carried, from the topics `messages` and `frames` into tables."""
