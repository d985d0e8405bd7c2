import { useStoreApi } from "@xyflow/react";
import { useEffect, type RefObject } from "react";

const STILL_MS = 160;

/**
 * Says on the surface, as `data-stirring`, that the view moves: then its nodes are a layer of their
 * own, which a pan moves without painting it anew. Standing still they are sharp at any zoom; `--zoom`
 * then is how near they are, for what is of one size on the screen.
 */
export function useStir(surface: RefObject<HTMLElement | null>): void {
  const store = useStoreApi();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rest = (): void => {
      delete surface.current?.dataset["stirring"];
      surface.current?.style.setProperty("--zoom", String(store.getState().transform[2]));
    };
    rest();
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
