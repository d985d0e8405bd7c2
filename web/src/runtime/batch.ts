/** A page that is not looked at has no frames, but a clock. */
const HIDDEN_MS = 250;

/** Call back once everything of this frame has arrived. */
export function afterAll(act: () => void): void {
  const done = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(clock);
    act();
  };
  const frame = requestAnimationFrame(done);
  const clock = setTimeout(done, HIDDEN_MS);
}
