"""Every setting of every role: typed, documented and defaulted once, in `stream.settings.sections`."""

from stream.settings.load import environment_of, load_settings
from stream.settings.sections import Settings

__all__ = ["Settings", "environment_of", "load_settings"]
