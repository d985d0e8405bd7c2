import { lazy, Suspense } from "react";
import { useUi } from "../state/context";

const GalleryPanel = lazy(async () => ({ default: (await import("../panels/gallery/GalleryPanel")).GalleryPanel }));
const SweepGrid = lazy(async () => ({ default: (await import("../panels/sweep/SweepGrid")).SweepGrid }));

/** What may stand in place of the canvas: all pictures, or those of a sweep. */
export function Coverings() {
  const gallery = useUi((state) => state.gallery);
  const sweep = useUi((state) => state.sweep);
  return (
    <Suspense>
      {sweep !== null && <SweepGrid key={sweep} id={sweep} />}
      {gallery && <GalleryPanel />}
    </Suspense>
  );
}
