"""Workflows as ComfyUI's editor saves them: read, turned into ours, and written back.

`reading` takes the JSON apart (versions 0.4 and 1, subgraph definitions), `widgets` names the
values that such files hold by position, `importing` makes a `Workflow` of it and `exporting` the
way back. What only ComfyUI knows is kept beside our fields under `comfy`, so that nothing is lost.
"""
