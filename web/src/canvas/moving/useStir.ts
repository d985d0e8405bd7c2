import { useStoreApi } from "@xyflow/react";
import { useEffect, type RefObject } from "react";

const STILL_MS = 160;

/**
 * Says on the surface, as `data-stirring`, that the view moves: then its nodes are a layer of their
 * own, which a pan moves without painting it anew. Standing still they are sharp at any zoom.
 */
export function useStir(surface: RefObject<HTMLElement | null>): void {
  const store = useStoreApi();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rest = (): void => {
      delete surface.current?.dataset["stirring"];
    };
    const stop = store.subscribe(({ transform }, before) => {
      if (transform === before.transform || !surface.current) return;
      surface.current.dataset["stirring"] = "";
      clearTimeout(timer);
      timer = setTimeout(rest, STILL_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [store, surface]);
}
