/**
 * The page's policy lets nothing become HTML or a script that was not vouched for (Trusted Types).
 * Browsers that enforce it want to be told; for others these functions do nothing.
 */
interface Policy {
  readonly createHTML: (html: string) => string;
  readonly createScriptURL: (url: string) => string;
}

interface Policies {
  readonly createPolicy: (name: string, rules: Policy) => Policy;
}

function policy(): Policy | undefined {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: Policies };
  return trustedTypes?.createPolicy("wirebrush", { createHTML: (html) => html, createScriptURL: ownScript });
}

/** HTML that was made by something that escapes texts and leaves out harmful addresses. */
export function trustedHtml(html: string): string {
  return policy()?.createHTML(html) ?? html;
}

/** The address of a script of this page; an error for any other. */
export function trustedScript(url: string): string {
  return policy()?.createScriptURL(url) ?? ownScript(url);
}

function ownScript(url: string): string {
  if (new URL(url, location.href).origin !== location.origin) throw new Error(`${url} is no script of this page.`);
  return url;
}
