import type { ComponentType } from "react";
import { isColor } from "../model/values/color";
import { KEPT } from "../model/catalog/placeholder";
import { ChoiceField } from "./ChoiceField";
import { ColorField } from "./ColorField";
import { FileField } from "./FileField";
import { JsonField } from "./JsonField";
import { KeptField } from "./KeptField";
import { NumberField } from "./NumberField";
import { SeedField } from "./SeedField";
import { TextField } from "./TextField";
import { ToggleField } from "./ToggleField";
import type { WidgetProps } from "./types";

const WIDGETS: Readonly<Record<string, ComponentType<WidgetProps>>> = {
  int: NumberField,
  float: NumberField,
  slider: NumberField,
  seed: SeedField,
  text: TextField,
  toggle: ToggleField,
  choice: ChoiceField,
  file: FileField,
  color: ColorField,
  [KEPT]: KeptField,
};

/** The widget for a port; kinds that a newer server invents are edited as JSON. */
export function Widget(props: WidgetProps) {
  const Kind = isColor(props.port) ? ColorField : (WIDGETS[props.port.widget?.kind ?? ""] ?? JsonField);
  return <Kind {...props} />;
}
