"""Floor 2: prompts and workflows as pure data. No IO."""
