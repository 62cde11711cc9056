"""JT/T 809 (2011, 2019): bytes in, messages and link events out, and back. Sans-IO."""
