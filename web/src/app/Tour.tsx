import { lazy, Suspense, useEffect } from "react";
import { useCatalog, useDocument, useSettings, useStudio, useUi } from "../state/context";
import { TOUR } from "./tourSteps";

const TourStop = lazy(async () => ({ default: (await import("./TourStop")).TourStop }));

/** Five words of welcome, one beside each part of the page. Nothing waits for them; they can be left at once. */
export function Tour() {
  const { ui } = useStudio();
  const place = useUi((state) => state.tour);
  const seen = useSettings(({ tourSeen }) => tourSeen);
  const ready = useCatalog(({ catalog }) => catalog !== null);
  const opened = useDocument(({ id }) => id !== "");
  useEffect(() => {
    if (!seen && ready && opened) ui.setState(({ tour }) => ({ tour: tour ?? 0 }));
  }, [seen, ready, opened, ui]);
  const step = place === null ? undefined : TOUR[place];
  return <Suspense>{step && place !== null && <TourStop key={step.name} step={step} place={place} />}</Suspense>;
}
