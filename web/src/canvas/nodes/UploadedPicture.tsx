import { Brush, Camera, Crop, type LucideIcon } from "lucide-react";
import { useState, type DragEvent, type ReactEventHandler } from "react";
import { assetUrl } from "../../runtime/api";
import { useGraph, useRuntime, useStudio } from "../../state/context";
import { placePicture } from "../../state/placing";
import type { Overlay } from "../../state/ui";
import { t, type TextKey } from "../../i18n/text";
import styles from "./NodePicture.module.css";

interface Props {
  id: string;
  port: string;
  onLoad: ReactEventHandler<HTMLImageElement>;
}

/** A picture chosen for a node: another can be dropped on it, and it can be cut or masked. */
export function UploadedPicture({ id, port, onLoad }: Props) {
  const studio = useStudio();
  const value = useGraph((graph) => graph.nodes[id]?.values[port]);
  const asset = useRuntime(({ uploads }) => (typeof value === "string" ? uploads[value] : undefined));
  const [over, setOver] = useState(false);

  function drop(event: DragEvent): void {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) placePicture(studio, file, { node: id, port }, [0, 0]).catch((error: Error) => studio.notify(error.message));
  }

  const open = (overlay: Overlay): void => studio.ui.setState({ overlay, slot: { node: id, port } });
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- files are dropped by pointer only; the tools do the same
    <div
      className={`${styles["drop"]} ${over ? styles["over"] : ""}`}
      role="group"
      aria-label={t("node.pictureTools")}
      onDragOver={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      {asset ? (
        <img className={styles["image"]} src={assetUrl(asset)} alt={String(value)} draggable={false} onLoad={onLoad} />
      ) : (
        <span className={styles["empty"]}>{t("field.uploadHint")}</span>
      )}
      <div className={`${styles["tools"]} nodrag`} data-shown={!asset || undefined}>
        <Tool label="camera.title" icon={Camera} act={() => open("camera")} />
        {asset && <Tool label="crop.title" icon={Crop} act={() => open("crop")} />}
        {asset && <Tool label="mask.title" icon={Brush} act={() => open("mask")} />}
      </div>
    </div>
  );
}

function Tool({ label, icon: Icon, act }: { label: TextKey; icon: LucideIcon; act: () => void }) {
  return (
    <button type="button" aria-label={t(label)} data-tip={t(label)} onClick={act}>
      <Icon size={14} />
    </button>
  );
}
