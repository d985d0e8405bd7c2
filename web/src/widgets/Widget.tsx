import type { ComponentType } from "react";
import { ChoiceField } from "./ChoiceField";
import { FileField } from "./FileField";
import { NumberField } from "./NumberField";
import { SeedField } from "./SeedField";
import { TextField } from "./TextField";
import { ToggleField } from "./ToggleField";
import type { WidgetProps } from "./types";

const WIDGETS: Readonly<Record<string, ComponentType<WidgetProps>>> = {
  int: NumberField,
  float: NumberField,
  seed: SeedField,
  text: TextField,
  toggle: ToggleField,
  choice: ChoiceField,
  file: FileField,
};

/** The widget for a port; kinds that a newer server invents are edited as text. */
export function Widget(props: WidgetProps) {
  const Kind = WIDGETS[props.port.widget?.kind ?? ""] ?? TextField;
  return <Kind {...props} />;
}
