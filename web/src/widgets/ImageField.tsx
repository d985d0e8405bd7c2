import { Upload } from "lucide-react";
import { useRef } from "react";
import type { Choice } from "../model/catalog/catalog";
import { thumbnailUrl } from "../runtime/api";
import { useRuntime, useStudio } from "../state/context";
import type { ListItem } from "../ui/ListPopup";
import { t } from "../i18n/text";
import { ChoiceField } from "./ChoiceField";
import styles from "./Field.module.css";
import popup from "./Popup.module.css";
import type { WidgetProps } from "./types";

const ROW = 52;
const THUMBNAIL = 96;
const PICTURES = "image/png,image/jpeg,image/webp,image/gif";

/** An uploaded picture, chosen by sight or uploaded now. Others can be pasted or dropped on the node. */
export function ImageField(props: WidgetProps) {
  const uploads = useRuntime((state) => state.uploads);
  return (
    <ChoiceField {...props} rowHeight={ROW} renderRow={(item: ListItem<Choice>) => <PictureRow name={item.label} asset={uploads[String(item.value)]} />}>
      <UploadButton change={props.change} />
    </ChoiceField>
  );
}

function PictureRow({ name, asset }: { name: string; asset: string | undefined }) {
  return (
    <>
      {asset ? <img className={popup["thumb"]} src={thumbnailUrl(asset, THUMBNAIL)} alt="" loading="lazy" draggable={false} /> : <span className={popup["thumb"]} />}
      <span className={popup["modelName"]}>{name}</span>
    </>
  );
}

function UploadButton({ change }: Pick<WidgetProps, "change">) {
  const studio = useStudio();
  const input = useRef<HTMLInputElement>(null);

  async function upload(file: File | undefined): Promise<void> {
    const name = file && (await studio.upload(file));
    if (name) change(name);
  }

  return (
    <>
      <button type="button" className={styles["mini"]} data-tip={t("field.upload")} aria-label={t("field.upload")} onClick={() => input.current?.click()}>
        <Upload size={13} />
      </button>
      <input
        ref={input}
        type="file"
        accept={PICTURES}
        hidden
        onChange={(event) => {
          void upload(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
    </>
  );
}
