import { useMemo, useRef, type PointerEvent } from "react";

const LONG_MS = 500;
const STILL = 8;

/**
 * A long press of a finger asks for the menu of what is below it, as a right click does. Browsers
 * that do so themselves are not asked twice.
 */
export function useLongPress() {
  const pressed = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number } | null>(null);
  return useMemo(() => {
    const end = (): void => {
      clearTimeout(pressed.current?.timer);
      pressed.current = null;
    };
    return {
      press({ pointerType, isPrimary, clientX, clientY, target }: PointerEvent): void {
        end();
        if (pointerType !== "touch" || !isPrimary) return;
        const ask = (): void => {
          pressed.current = null;
          target.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX, clientY }));
        };
        pressed.current = { timer: setTimeout(ask, LONG_MS), x: clientX, y: clientY };
      },
      move({ clientX, clientY }: PointerEvent): void {
        const from = pressed.current;
        if (from && Math.hypot(clientX - from.x, clientY - from.y) > STILL) end();
      },
      end,
    };
  }, []);
}
