import { Box } from "lucide-react";
import { useState } from "react";
import type { Choice } from "../model/catalog/catalog";
import type { ListItem } from "../ui/ListPopup";
import { bytes, day } from "../ui/format";
import { models, type ModelInfo } from "../runtime/models";
import { useStudio } from "../state/context";
import { t } from "../i18n/text";
import { ChoiceField, shownName } from "./ChoiceField";
import popup from "./Popup.module.css";
import type { WidgetProps } from "./types";

const ROW = 52;
const THUMBNAIL = 96;

/** A model file: found by name, with its picture, its size and its date; and where others belong. */
export function ModelField(props: WidgetProps) {
  const studio = useStudio();
  const [known, setKnown] = useState<ReadonlyMap<string, ModelInfo>>(new Map());
  const kind = props.port.widget?.folder ?? "";
  const choices = props.port.widget?.choices ?? [];
  const missing = props.value !== undefined && props.value !== null && props.value !== "" && !choices.includes(props.value as Choice);

  function fetch(): void {
    models.of(kind).then(
      (found) => {
        setKnown(new Map(found.map((model) => [model.name, model])));
        // A node may have added a file since, or a person.
        if (found.some(({ name }) => !choices.includes(name))) void studio.fetchCatalog();
      },
      (error: Error) => studio.notify(error.message),
    );
  }

  return (
    <ChoiceField
      {...props}
      opened={fetch}
      rowHeight={ROW}
      renderRow={({ value, label }: ListItem<Choice>) => <ModelRow kind={kind} name={label} model={known.get(String(value))} />}
      footer={
        <p className={popup["footer"]}>
          {missing ? t("field.modelMissing", { name: shownName(props.value as Choice), folder: `models/${kind}` }) : t("field.modelFolder", { folder: `models/${kind}` })}
        </p>
      }
    />
  );
}

function ModelRow({ kind, name, model }: { kind: string; name: string; model: ModelInfo | undefined }) {
  return (
    <>
      {model?.has_thumbnail ? (
        <img className={popup["thumb"]} src={models.thumbnailUrl(kind, model.name, THUMBNAIL)} alt="" loading="lazy" draggable={false} />
      ) : (
        <span className={`${popup["thumb"]} ${popup["noThumb"]}`} aria-hidden="true">
          <Box size={16} />
        </span>
      )}
      <span className={popup["about"]}>
        <span className={popup["modelName"]}>{name}</span>
        {model && <span className={popup["facts"]}>{`${bytes(model.size)} · ${day(model.modified * 1000)}`}</span>}
      </span>
    </>
  );
}
