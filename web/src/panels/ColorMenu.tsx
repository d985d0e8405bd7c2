import { lazy, Suspense } from "react";
import { useView } from "../state/context";

const Colors = lazy(async () => ({ default: (await import("./Colors")).Colors }));

/** The colours, while they are wanted. */
export function ColorMenu() {
  const open = useView((state) => state.coloring);
  return <Suspense>{open && <Colors />}</Suspense>;
}
