import { useEffect, useEffectEvent } from "react";

/** Keys of what lies over the page, heard before the page's own. A key that was taken goes no further. */
export function useKeys(take: (event: KeyboardEvent) => boolean): void {
  const heard = useEffectEvent((event: KeyboardEvent) => {
    // A slider's arrows and a field's letters stay theirs.
    const { target } = event;
    if (event.defaultPrevented || (target instanceof Element && target.closest("[role=slider], [role=menu]"))) return;
    if (!take(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  useEffect(() => {
    addEventListener("keydown", heard, true);
    return () => removeEventListener("keydown", heard, true);
  }, []);
}
