import { useEffect, type RefObject } from "react";

/** The keyboard goes to what has just come up, and back to where it was when that goes. */
export function useReturnFocus(inside: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const before = document.activeElement;
    if (!inside.current?.contains(before)) inside.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [inside]);
}
