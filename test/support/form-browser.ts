/**
 * A browser without scripts and without a screen: it keeps cookies, reads forms, and sends them back.
 *
 * Decides what of a page a test sees: its status, its text, its forms' hidden fields, and where it leads.
 */

/** A page that came back. */
export interface Visited {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The values of the hidden fields, by name. */
  readonly hidden: Readonly<Record<string, string>>;
  /** Where it leads, when it leads somewhere else. */
  readonly location: string | undefined;
}

/** Extra parts of a request. */
export interface Visit {
  readonly headers?: Readonly<Record<string, string>>;
}

/** Someone's browser. */
export class FormBrowser {
  /** Name and value. */
  readonly cookies = new Map<string, string>();

  /** Opens a page. */
  get(url: string | URL, { headers = {} }: Visit = {}): Promise<Visited> {
    return this.#send(url, { headers });
  }

  /** Sends a form. */
  post(url: string | URL, fields: Readonly<Record<string, string>>, { headers = {} }: Visit = {}): Promise<Visited> {
    return this.#send(url, { method: 'POST', body: new URLSearchParams(fields), headers });
  }

  async #send(
    url: string | URL,
    init: { headers: Readonly<Record<string, string>>; method?: string; body?: URLSearchParams },
  ) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(cookie !== '' && { cookie }), ...init.headers };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    const text = await response.text();
    const fields = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
    return {
      status: response.status,
      headers: response.headers,
      text,
      hidden: Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value])),
      location: response.headers.get('location') ?? undefined,
    };
  }
}
