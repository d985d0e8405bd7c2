import { useStoreApi } from "@xyflow/react";
import { useEffect, useState } from "react";
import { FAR, NEAR } from "./view";

/** A zoom has ended when it has not changed for this long. */
const STILL_MS = 130;

/**
 * Whether the graph is seen from so far that it is painted instead of mounted.
 *
 * Going far happens at once, because mounting more and more nodes on the way is what costs; coming
 * near happens when the zoom has ended.
 */
export function useFar(): boolean {
  const store = useStoreApi();
  const [far, setFar] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (zoom: number): void => {
      clearTimeout(timer);
      if (zoom < FAR) setFar(true);
      else if (zoom > NEAR) timer = setTimeout(() => setFar(false), STILL_MS);
    };
    look(store.getState().transform[2]);
    const stop = store.subscribe(({ transform }, before) => {
      if (transform[2] !== before.transform[2]) look(transform[2]);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [store]);
  return far;
}
