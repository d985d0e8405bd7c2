"""Floor 4: HTTP and websockets. Handlers parse, call a service, answer."""
