import { useMemo, useState, type FocusEvent } from "react";
import { useShallow } from "zustand/react/shallow";
import { useView } from "../../state/context";

/**
 * Nodes that stay in the page wherever the view is: the one whose field has the keyboard, whose
 * name is being written, where a wire is drawn from, and what xyflow drags.
 */
export function usePinned(dragging: () => boolean) {
  const [focused, setFocused] = useState<string | null>(null);
  const held = useView(
    useShallow(({ renaming, connecting, moved }) => [
      ...(renaming === null ? [] : [renaming]),
      ...(connecting ? [connecting.node] : []),
      ...(dragging() ? [] : Object.keys(moved)),
    ]),
  );
  const pinned = useMemo(() => new Set(focused === null ? held : [...held, focused]), [held, focused]);
  const handlers = useMemo(
    () => ({
      onFocus: ({ target }: FocusEvent) => {
        const node = target.closest<HTMLElement>(".react-flow__node");
        // A node that has the keyboard as a whole loses nothing when it goes.
        setFocused(node && node !== target ? (node.dataset["id"] ?? null) : null);
      },
      onBlur: () => setFocused(null),
    }),
    [],
  );
  return { pinned, handlers };
}
