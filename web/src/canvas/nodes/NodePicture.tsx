import type { SyntheticEvent } from "react";
import type { NodeSpec } from "../../model/catalog/catalog";
import { madeBy, uploadPort, type Layout } from "../../model/layout/geometry";
import { assetUrl } from "../../runtime/api";
import { isPicture, isText } from "../../runtime/nodeRuns";
import type { Output } from "../../runtime/wire.gen";
import { useStudio, useWorkspace } from "../../state/context";
import { t } from "../../i18n/text";
import node from "./Node.module.css";
import styles from "./NodePicture.module.css";
import { UploadedPicture } from "./UploadedPicture";
import { usePreview, useShownOutputs, useShownRun } from "./useInstanceRun";

interface Props {
  id: string;
  spec: NodeSpec;
  place: NonNullable<Layout["picture"]>;
}

/** What a node shows: its step preview while it runs, else what it made or was given; an instance what is shown inside it. */
export function NodePicture({ id, spec, place }: Props) {
  const running = useShownRun(id, (run) => run?.state === "running");
  const preview = usePreview(id);
  const outputs = useShownOutputs(id);
  const pictures = outputs.filter(isPicture);
  const texts = outputs.filter(isText);
  const film = outputs.find((output) => output.asset && /^(?:video|audio)\//.test(output.mime));
  const upload = uploadPort(spec);
  const onLoad = useAspect(id);
  const style = { top: place.top, height: place.height };
  return (
    <div className={`${node["picture"]} ${styles["frame"]}`} style={style}>
      {pictures.length > 0 && !(running && preview) ? (
        <Pictures id={id} pictures={pictures} />
      ) : preview ? (
        <img className={`${styles["image"]} ${styles["soft"]}`} src={preview} alt={t("node.preview", { title: spec.title })} draggable={false} onLoad={onLoad} />
      ) : film ? (
        <Film output={film} />
      ) : texts.length > 0 ? (
        <div className={`${styles["text"]} nodrag nopan nowheel`}>{texts.map(({ text }) => text).join("\n")}</div>
      ) : upload ? (
        <UploadedPicture id={id} port={upload.name} onLoad={onLoad} />
      ) : (
        <span className={styles["empty"]}>{t(madeBy(spec) === "picture" ? "node.picturePlace" : "node.valuePlace")}</span>
      )}
    </div>
  );
}

function Film({ output: { asset, mime, name } }: { output: Output }) {
  const source = assetUrl(asset ?? "");
  // What a node makes has no captions.
  // oxlint-disable-next-line jsx-a11y/media-has-caption
  if (mime.startsWith("audio/")) return <audio className={`${styles["film"]} nodrag`} src={source} controls aria-label={name} />;
  return <video className={`${styles["film"]} nodrag`} src={source} controls loop muted playsInline aria-label={name} />;
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
