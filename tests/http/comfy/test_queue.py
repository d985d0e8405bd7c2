"""What becomes of prompts that a client takes out of the queue."""

from __future__ import annotations

from http_studio import PROMPT, Studio


async def test_what_is_taken_out_of_the_queue_before_it_began_leaves_nothing(comfy: Studio) -> None:
    for name in ("p", "q", "r", "s"):
        await comfy.ask_bare("POST", "/prompt", json={"prompt": PROMPT, "prompt_id": name})
    began = await comfy.services.queue.lease("cpu-0")
    assert began is not None
    await comfy.ask_bare("POST", "/queue", json={"delete": ["q", "p", "nobody"]})
    assert await states_of(comfy) == ["queued", "queued", "running"]
    await comfy.ask_bare("POST", "/queue", json={"clear": True})
    assert await states_of(comfy) == ["running"]
    _, told, _ = await comfy.ask_bare("GET", "/queue")
    assert [item[1] for item in told["queue_running"]] == ["p"]
    assert told["queue_pending"] == []
    await comfy.services.queue.release(began)
    await comfy.ask_bare("POST", "/queue", json={"delete": ["p"]})
    assert await states_of(comfy) == ["cancelled"]  # it had begun: what it did can be looked at


async def states_of(studio: Studio) -> list[str]:
    """The states of all jobs, the latest first, as our own page lists them."""
    _, found, _ = await studio.ask("GET", "/v1/jobs")
    return [job["state"] for job in found["jobs"]]
