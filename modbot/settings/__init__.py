"""Everything read from outside: the configuration folder and the secrets, checked before use."""

from modbot.settings.folder import (
    Config,
    choose_folder,
    init_config,
    load_config,
    packaged_folder,
    policy_lines,
    read_files,
)
from modbot.settings.secret import Secrets, check_reference, read_secret
from modbot.settings.sections import Settings
from modbot.settings.watcher import ConfigWatcher

__all__ = [
    "Config",
    "ConfigWatcher",
    "Secrets",
    "Settings",
    "check_reference",
    "choose_folder",
    "init_config",
    "load_config",
    "packaged_folder",
    "policy_lines",
    "read_files",
    "read_secret",
]
