/** Arithmetic in number fields: `512*1.5`, `(768 + 64) / 2`. */

/** The value; `null` if the text is no arithmetic of finite numbers. */
export function evaluate(text: string): number | null {
  const tokens = text.replaceAll(",", ".").match(/\d*\.?\d+(?:e[+-]?\d+)?|[-+*/()]|\S/gi) ?? [];
  const reader = { tokens, at: 0 };
  const value = sum(reader);
  return reader.at === tokens.length && tokens.length > 0 && Number.isFinite(value) ? value : null;
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
}

function sum(reader: Reader): number {
  let value = product(reader);
  for (let sign = reader.tokens[reader.at]; sign === "+" || sign === "-"; sign = reader.tokens[reader.at]) {
    reader.at++;
    value += (sign === "+" ? 1 : -1) * product(reader);
  }
  return value;
}

function product(reader: Reader): number {
  let value = factor(reader);
  for (let sign = reader.tokens[reader.at]; sign === "*" || sign === "/"; sign = reader.tokens[reader.at]) {
    reader.at++;
    const other = factor(reader);
    value = sign === "*" ? value * other : value / other;
  }
  return value;
}

function factor(reader: Reader): number {
  const token = reader.tokens[reader.at++];
  if (token === "-") return -factor(reader);
  if (token === "+") return factor(reader);
  if (token === "(") {
    const value = sum(reader);
    return reader.tokens[reader.at++] === ")" ? value : Number.NaN;
  }
  return token !== undefined && /^[\d.]/.test(token) ? Number(token) : Number.NaN;
}
