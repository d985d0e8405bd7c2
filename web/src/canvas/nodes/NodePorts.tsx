import type { Layout } from "../../model/layout/geometry";
import { portLabel } from "../../ui/format";
import styles from "./Node.module.css";
import { NodeWidget } from "./NodeWidget";
import { PortHandle } from "./PortHandle";

interface Props {
  id: string;
  layout: Layout;
}

/** A node's ports and fields, each where the layout says. On a collapsed node there are only its ends. */
export function NodePorts({ id, layout }: Props) {
  const { inputs, outputs, widgets, collapsed } = layout;
  return (
    <>
      {inputs.map(({ port, y }) => (
        <div key={port.name}>
          <PortHandle node={id} name={port.name} type={port.type} side="input" y={y} quiet={collapsed} />
          {!collapsed && (
            <span className={`${styles["portName"]} ${styles["inputName"]}`} style={{ top: y - 8 }} title={port.help}>
              {portLabel(port)}
            </span>
          )}
        </div>
      ))}
      {outputs.map(({ port, y }) => (
        <div key={port.name}>
          <PortHandle node={id} name={port.name} type={port.type} side="output" y={y} quiet={collapsed} />
          {!collapsed && (
            <span className={`${styles["portName"]} ${styles["outputName"]}`} style={{ top: y - 8 }} title={port.help}>
              {portLabel(port)}
            </span>
          )}
        </div>
      ))}
      {widgets.map((place) => (
        <div key={place.port.name}>
          <PortHandle node={id} name={place.port.name} type={place.port.type} side="input" y={place.y} quiet={!place.asPort} />
          <div className={styles["widget"]} style={{ top: place.top, height: place.height }}>
            <NodeWidget node={id} place={place} />
          </div>
        </div>
      ))}
    </>
  );
}
