import { useState, type DragEvent, type SyntheticEvent } from "react";
import type { NodeSpec } from "../model/catalog";
import { setValue } from "../model/commands";
import { uploadPort, type Layout } from "../model/geometry";
import { assetUrl } from "../runtime/api";
import type { Output } from "../runtime/wire.gen";
import { useGraph, useNodeRun, usePreview, useRuntime, useStudio, useWorkspace } from "../state/context";
import { t } from "../i18n/text";
import node from "./Node.module.css";
import styles from "./NodePicture.module.css";

interface Props {
  id: string;
  spec: NodeSpec;
  place: NonNullable<Layout["picture"]>;
}

/** What a node shows: its step preview while it runs, else the pictures it made or was given. */
export function NodePicture({ id, spec, place }: Props) {
  const running = useNodeRun(id, (run) => run?.state === "running");
  const preview = usePreview(id);
  const outputs = useNodeRun(id, (run) => run?.outputs);
  const pictures = (outputs ?? []).filter((output) => output.asset && output.mime?.startsWith("image/"));
  const upload = uploadPort(spec);
  const onLoad = useAspect(id);
  const style = { top: place.top, height: place.height };
  return (
    <div className={`${node["picture"]} ${styles["frame"]}`} style={style}>
      {pictures.length > 0 && !(running && preview) ? (
        <Pictures id={id} pictures={pictures} />
      ) : preview ? (
        <img className={`${styles["image"]} ${styles["soft"]}`} src={preview} alt={t("node.preview", { title: spec.title })} draggable={false} onLoad={onLoad} />
      ) : upload ? (
        <Uploaded id={id} port={upload.name} />
      ) : (
        <span className={styles["empty"]}>{t("node.picturePlace")}</span>
      )}
    </div>
  );
}

function Pictures({ id, pictures }: { id: string; pictures: readonly Output[] }) {
  const { ui } = useStudio();
  const onLoad = useAspect(id);
  const columns = Math.ceil(Math.sqrt(pictures.length));
  return (
    <div className={styles["grid"]} style={{ gridTemplateColumns: `repeat(${columns}, 1fr)` }}>
      {pictures.map(({ asset, name, width, height }) => (
        <button
          key={asset}
          type="button"
          className={`${styles["open"]} nodrag`}
          aria-label={t("node.open")}
          onClick={() =>
            ui.setState({ enlarged: { asset: asset ?? "", name: name ?? "", width: width ?? null, height: height ?? null } })
          }
        >
          <img className={styles["image"]} src={assetUrl(asset ?? "")} alt={name} draggable={false} onLoad={pictures.length === 1 ? onLoad : undefined} />
        </button>
      ))}
    </div>
  );
}

/** A picture chosen for a node, and the place to drop another. */
function Uploaded({ id, port }: { id: string; port: string }) {
  const studio = useStudio();
  const value = useGraph((graph) => graph.nodes[id]?.values[port]);
  const asset = useRuntime(({ uploads }) => (typeof value === "string" ? uploads[value] : undefined));
  const onLoad = useAspect(id);
  const [over, setOver] = useState(false);

  async function drop(event: DragEvent): Promise<void> {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    const file = event.dataTransfer.files[0];
    const name = file && (await studio.upload(file));
    if (name) studio.documents.run(setValue, [{ node: id, port, value: name }]);
  }

  return (
    <div
      className={`${styles["drop"]} ${over ? styles["over"] : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => void drop(event)}
    >
      {asset ? (
        <img className={styles["image"]} src={assetUrl(asset)} alt={String(value)} draggable={false} onLoad={onLoad} />
      ) : (
        <span className={styles["empty"]}>{t("field.uploadHint")} {t("field.upload").toLowerCase()}</span>
      )}
    </div>
  );
}

/** The node takes the shape of its picture once that is known. */
function useAspect(id: string): (event: SyntheticEvent<HTMLImageElement>) => void {
  const { view } = useWorkspace();
  return (event) => {
    const { naturalWidth, naturalHeight } = event.currentTarget;
    if (!naturalWidth) return;
    const aspect = naturalHeight / naturalWidth;
    view.setState(({ aspects }) => (aspects[id] === aspect ? {} : { aspects: { ...aspects, [id]: aspect } }));
  };
}
