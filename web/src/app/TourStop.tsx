import { Popover } from "@base-ui/react/popover";
import { useRef, useState } from "react";
import { t } from "../i18n/text";
import { useStudio } from "../state/context";
import { Button } from "../ui/Button";
import styles from "./Tour.module.css";
import { placeOf, TOUR, type TourStep } from "./tourSteps";
import { useKeys } from "./useKeys";

/** Between a stop's words and what they stand beside, in pixels. */
const GAP = 14;

/** One stop of the tour, with the way to the next and out of it. */
export function TourStop({ step, place }: { step: TourStep; place: number }) {
  const { ui, settings } = useStudio();
  const [{ anchor, side }] = useState(() => placeOf(step));
  const popup = useRef<HTMLDivElement>(null);
  const keys = { find: useKeys("palette"), help: useKeys("help") };
  const last = place === TOUR.length - 1;
  const go = (to: number): void => ui.setState({ tour: to });
  function end(): void {
    ui.setState({ tour: null });
    settings.setState({ tourSeen: true });
  }
  /** From stop to stop the keyboard goes along; after the last it goes back, if nobody took it meanwhile. */
  function mayGoBack(): boolean {
    const { activeElement, body } = document;
    return ui.getState().tour === null && (activeElement === body || popup.current?.contains(activeElement) === true);
  }

  return (
    <Popover.Root open onOpenChange={(_, { reason }) => reason === "escape-key" && end()}>
      <Popover.Portal>
        <Popover.Positioner
          className={styles["positioner"] ?? ""}
          anchor={anchor}
          side={side}
          align={step.inside ? "center" : "start"}
          sideOffset={({ anchor: { height } }) => (step.inside ? GAP - height : GAP)}
          collisionPadding={GAP}
          arrowPadding={GAP}
        >
          <Popover.Popup ref={popup} className={styles["popup"] ?? ""} data-zoomable finalFocus={mayGoBack}>
            {!step.inside && <Popover.Arrow className={styles["arrow"] ?? ""} />}
            <Popover.Title className={styles["title"] ?? ""}>{t(`tour.${step.name}`)}</Popover.Title>
            <Popover.Description className={styles["text"] ?? ""}>{t(`tour.${step.name}.text`, keys)}</Popover.Description>
            <div className={styles["foot"]}>
              <span className={styles["count"]}>{t("tour.count", { place: place + 1, total: TOUR.length })}</span>
              {!last && (
                <Button look="quiet" onClick={end}>
                  {t("tour.skip")}
                </Button>
              )}
              {place > 0 && <Button onClick={() => go(place - 1)}>{t("tour.back")}</Button>}
              <Button look="primary" onClick={() => (last ? end() : go(place + 1))} ref={(button) => button?.focus({ preventScroll: true })}>
                {t(last ? "tour.end" : "tour.next")}
              </Button>
            </div>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
