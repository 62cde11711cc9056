"""JT/T 808 (2011, 2013, 2019): bytes in, messages out, and back. Sans-IO."""
