import { ChevronLeft, ChevronRight, Columns2, Diff, Download, Grid2x2, Info, Maximize, SplitSquareHorizontal, Star, Trash2, Workflow, X } from "lucide-react";
import type { ComponentProps } from "react";
import { assetUrl } from "../../runtime/api";
import { useStudio } from "../../state/context";
import { openOrigin } from "../../state/origin";
import type { Enlarged } from "../../state/ui";
import { Button, IconButton } from "../../ui/Button";
import { t } from "../../i18n/text";
import styles from "./Lightbox.module.css";
import type { CompareMode } from "./Stage";
import type { Zoom } from "./useZoom";

interface Props {
  picture: Enlarged;
  beside: Enlarged | null;
  previous: Enlarged | undefined;
  next: Enlarged | undefined;
  starred: boolean;
  mode: CompareMode;
  sharp: boolean;
  facts: boolean;
  zoom: Zoom | null;
  show: (picture: Enlarged | undefined) => void;
  compare: () => void;
  remove: () => void;
  close: () => void;
  setMode: (mode: CompareMode) => void;
  setSharp: (sharp: boolean) => void;
  setFacts: (facts: boolean) => void;
}

/** What can be done with the picture. */
export function Bar(props: Props) {
  const studio = useStudio();
  const { picture, beside, previous, next, starred, sharp, facts, zoom, show, compare, remove, close, setSharp, setFacts } = props;
  const openWorkflow = (): void => {
    void openOrigin(studio, picture.asset).then((opened) => opened && close());
  };
  return (
    <header className={styles["bar"]} data-zoomable>
      <IconButton label={t("lightbox.previous")} disabled={!previous} onClick={() => show(previous)}>
        <ChevronLeft size={18} />
      </IconButton>
      <IconButton label={t("lightbox.next")} disabled={!next} onClick={() => show(next)}>
        <ChevronRight size={18} />
      </IconButton>
      <span className={styles["name"]}>{beside ? `${picture.name} | ${beside.name}` : picture.name}</span>
      <Toggle label={t("lightbox.fit")} on={zoom?.fits ?? true} onClick={() => zoom?.fit()}>
        <Maximize size={15} />
      </Toggle>
      <Button look="quiet" title={t("lightbox.actual")} onClick={() => zoom?.actual()}>
        100 %
      </Button>
      <Toggle label={t("lightbox.sharp")} on={sharp} onClick={() => setSharp(!sharp)}>
        <Grid2x2 size={15} />
      </Toggle>
      <span className={styles["gap"]} />
      {beside && <Modes {...props} />}
      <Button look={beside ? "plain" : "quiet"} aria-pressed={beside !== null} title={t("lightbox.compare.hint")} onClick={compare}>
        {t("lightbox.compare")}
      </Button>
      <span className={styles["gap"]} />
      <Toggle label={t(starred ? "gallery.unstar" : "gallery.star")} on={starred} onClick={() => void studio.gallery.star(picture.asset, !starred)}>
        <Star size={15} fill={starred ? "currentColor" : "none"} />
      </Toggle>
      <IconButton label={t("gallery.openWorkflow")} onClick={openWorkflow}>
        <Workflow size={15} />
      </IconButton>
      <a className={styles["download"]} href={`${assetUrl(picture.asset)}?download=1`} download={picture.name} aria-label={t("lightbox.download")} title={t("lightbox.download")}>
        <Download size={15} />
      </a>
      <IconButton label={t("gallery.delete")} onClick={remove}>
        <Trash2 size={15} />
      </IconButton>
      <Toggle label={t("lightbox.facts")} on={facts} onClick={() => setFacts(!facts)}>
        <Info size={15} />
      </Toggle>
      <IconButton label={t("lightbox.close")} onClick={close}>
        <X size={18} />
      </IconButton>
    </header>
  );
}

function Modes({ mode, setMode }: Props) {
  return (
    <span role="group" aria-label={t("lightbox.compare.how")} className={styles["modes"]}>
      <Toggle label={t("lightbox.slider")} on={mode === "slider"} onClick={() => setMode("slider")}>
        <SplitSquareHorizontal size={15} />
      </Toggle>
      <Toggle label={t("lightbox.beside")} on={mode === "beside"} onClick={() => setMode("beside")}>
        <Columns2 size={15} />
      </Toggle>
      <Toggle label={t("lightbox.difference")} on={mode === "difference"} onClick={() => setMode("difference")}>
        <Diff size={15} />
      </Toggle>
    </span>
  );
}

function Toggle({ on, ...rest }: ComponentProps<typeof IconButton> & { on: boolean }) {
  return <IconButton aria-pressed={on} {...rest} className={on ? (styles["on"] ?? "") : ""} />;
}
