import { useEffect, useState } from "react";
import { api } from "../../runtime/api";
import type { AssetRecord } from "../../runtime/wire.gen";
import { bytes, dateAndTime } from "../../ui/format";
import { t } from "../../i18n/text";
import styles from "./Lightbox.module.css";

/** What is known about a picture: fetched once for each; `null` while it is not here. */
export function useRecord(asset: string): AssetRecord | null {
  const [record, setRecord] = useState<AssetRecord | null>(null);
  useEffect(() => {
    let current = true;
    api.asset(asset).then((found) => current && setRecord(found), () => current && setRecord(null));
    return () => {
      current = false;
    };
  }, [asset]);
  return record?.id === asset ? record : null;
}

/** Prompt, seed, model and the rest, to be read and copied. */
export function Facts({ record }: { record: AssetRecord }) {
  const { prompt, seed, models, width, height, size, mime, created, document_name: workflow } = record;
  const facts: readonly (readonly [string, string])[] = [
    [t("lightbox.prompt"), prompt],
    [t("lightbox.seed"), seed ?? ""],
    [t("lightbox.model"), models.join("\n")],
    [t("lightbox.size"), width && height ? `${width} × ${height}` : ""],
    [t("lightbox.file"), `${bytes(size)} · ${(mime.split("/")[1] ?? mime).toUpperCase()}`],
    [t("lightbox.workflow"), workflow],
    [t("lightbox.made"), dateAndTime(created * 1000)],
  ];
  return (
    <dl data-zoomable className={styles["facts"]} aria-label={t("lightbox.facts")}>
      {facts.map(([name, value]) =>
        value ? (
          <div key={name} className={value === prompt ? styles["wide"] : undefined}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}
