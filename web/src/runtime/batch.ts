/** Call back once everything of this frame has arrived; a hidden page has no frames, but a clock. */
export function afterAll(act: () => void): void {
  if (document.visibilityState === "visible") requestAnimationFrame(act);
  else setTimeout(act, 250);
}
