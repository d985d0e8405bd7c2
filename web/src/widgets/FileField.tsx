import { Upload } from "lucide-react";
import { useRef } from "react";
import { useStudio } from "../state/context";
import { t } from "../i18n/text";
import { ChoiceField } from "./ChoiceField";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";

/** A file by name: a model of a folder, or an uploaded picture. */
export function FileField(props: WidgetProps) {
  if (!props.port.widget?.upload) return <ChoiceField {...props} />;
  return (
    <div style={{ display: "flex", gap: 4 }}>
      <div style={{ flex: 1, minWidth: 0 }}>
        <ChoiceField {...props} />
      </div>
      <UploadButton change={props.change} />
    </div>
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
      <button
        type="button"
        className={`${styles["mini"]} nodrag`}
        style={{ width: 26, height: 26, margin: 0, background: "var(--field)" }}
        title={t("field.upload")}
        aria-label={t("field.upload")}
        onClick={() => input.current?.click()}
      >
        <Upload size={13} />
      </button>
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/webp,image/gif"
        hidden
        onChange={(event) => {
          void upload(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
    </>
  );
}
