"""Counts and clocks of an open page, taken from outside: the page itself carries nothing for it.

React tells a developer tool about every commit; the probe poses as one. Frames are counted by
animation frames, messages by a listener on the websocket.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext, Page

PROBE = """(() => {
  const probe = { commits: 0, renders: {}, mounts: {}, frames: [], messages: [], last: 0 };
  window.probe = probe;

  const PERFORMED_WORK = 1;
  const isComponent = fiber => typeof fiber.type === "function" || typeof fiber.type === "object";
  // A node or a wire by what it is given; whatever is below belongs to it.
  function ownerOf(fiber, owner) {
    const props = fiber.memoizedProps;
    if (!props || typeof props !== "object" || !isComponent(fiber)) return owner;
    if (props.data?.layout && props.id) return `node ${props.id}`;
    if (props.sourceX !== undefined && props.source) return `wire ${props.id}`;
    return owner;
  }
  function mounted(fiber, owner) {
    const own = ownerOf(fiber, owner);
    if (own !== owner) { probe.mounts[own] = (probe.mounts[own] ?? 0) + 1; return; }
    for (let child = fiber.child; child; child = child.sibling) mounted(child, own);
  }
  function visit(fiber, owner, seen) {
    const before = fiber.alternate;
    if (!before) return mounted(fiber, owner);
    const own = ownerOf(fiber, owner);
    if (own && isComponent(fiber) && fiber.flags & PERFORMED_WORK) seen.add(own);
    if (fiber.child === before.child) return;
    for (let child = fiber.child; child; child = child.sibling) visit(child, own, seen);
  }
  window.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
    isDisabled: false, supportsFiber: true, renderers: new Map(),
    inject: () => 1, onScheduleFiberRoot() {}, onCommitFiberUnmount() {},
    onPostCommitFiberRoot() {},
    onCommitFiberRoot(_, root) {
      probe.commits++;
      const seen = new Set();
      visit(root.current, "", seen);
      for (const own of seen) probe.renders[own] = (probe.renders[own] ?? 0) + 1;
    },
  };

  requestAnimationFrame(function frame(now) {
    probe.frames.push(now);
    requestAnimationFrame(frame);
  });

  const Real = window.WebSocket;
  window.WebSocket = class extends Real {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        if (typeof data === "string" && data.includes("node_progress"))
          probe.messages.push(performance.now());
      });
    }
  };
})()"""


def install(context: BrowserContext) -> None:
    """Put the probe into every page that the context opens from now on."""
    context.add_init_script(PROBE)


@contextmanager
def watched(page: Page) -> Iterator[dict[str, Any]]:
    """Counts of what happens inside the block: `commits`, `renders` and `mounts` by owner.

    An owner is `node <id>` or `wire <id>`; the dictionary is filled when the block ends.
    """
    page.evaluate("() => Object.assign(probe, { commits: 0, renders: {}, mounts: {}, frames: [] })")
    found: dict[str, Any] = {}
    yield found
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    found |= page.evaluate("({ ...probe })")
