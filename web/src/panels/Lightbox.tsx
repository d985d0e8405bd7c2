import { lazy, Suspense } from "react";
import { useUi } from "../state/context";

const Viewer = lazy(async () => ({ default: (await import("./lightbox/Viewer")).Viewer }));

/** One picture or two, as large as the window lets them be. */
export function Lightbox() {
  const enlarged = useUi((state) => state.enlarged);
  return <Suspense>{enlarged && <Viewer picture={enlarged} />}</Suspense>;
}
