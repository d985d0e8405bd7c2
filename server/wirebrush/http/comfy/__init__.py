"""ComfyUI's HTTP and websocket API, on top of the same queue, cache and asset store."""
