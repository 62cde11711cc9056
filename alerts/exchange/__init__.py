"""Exchange with other platforms (JT/T 809) as operators see it: links, post checks, supervision, orders."""
