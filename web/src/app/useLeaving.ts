import { useEffect } from "react";

/** What is being typed is taken when the page goes, as when its field is left. */
export function useLeaving(): void {
  useEffect(() => {
    const leave = (): void => {
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    };
    // Before what is written down as the page goes.
    addEventListener("pagehide", leave, true);
    return () => removeEventListener("pagehide", leave, true);
  }, []);
}
