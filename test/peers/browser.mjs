// A browser without JavaScript: cookies, redirects and forms, used the way a
// person uses them, by the visible words of labels, buttons and links.
import { parse } from 'node-html-parser';

const maxRedirects = 15;

export class Browser {
  #cookies = new Map(); // "origin name" → {value, path}
  #stops;
  #page;

  // stops lists the redirect URIs of the client under test: the browser ends
  // there instead of fetching them, and keeps the URL.
  constructor(...stops) {
    this.#stops = stops;
  }

  url = '';

  get title() {
    return this.#page?.querySelector('title')?.text.trim() ?? '';
  }

  // text is what the page says, for messages of failed assertions.
  get text() {
    return (this.#page?.querySelector('body') ?? this.#page)?.structuredText ?? '';
  }

  get arrived() {
    return this.#stops.some((stop) => this.url.split(/[?#]/)[0] === stop);
  }

  async open(url, init = {}) {
    let request = { url: new URL(url, this.url || undefined), method: 'GET', ...init };
    for (let hops = 0; hops < maxRedirects; hops++) {
      this.url = request.url.href;
      if (this.arrived) {
        this.#page = undefined;
        return;
      }
      const response = await fetch(request.url, {
        method: request.method,
        body: request.body,
        redirect: 'manual',
        headers: {
          accept: 'text/html',
          'accept-language': 'en',
          cookie: this.#cookieHeader(request.url),
          // What browsers send with a form, and a server may insist on.
          ...(request.method === 'POST' ? { origin: request.origin, 'sec-fetch-site': 'same-origin' } : {}),
          ...(request.referrer ? { referer: request.referrer } : {}),
        },
      });
      this.#keepCookies(request.url, response);
      const location = response.headers.get('location');
      if (response.status >= 300 && response.status < 400 && location) {
        const keepsMethod = response.status === 307 || response.status === 308;
        if (keepsMethod && request.method === 'POST') {
          throw new Error(`${request.url} answered ${response.status} to a form: credentials would travel on`);
        }
        request = { url: new URL(location, request.url), method: 'GET' };
        continue;
      }
      this.#page = parse(await response.text());
      if (response.status >= 500) {
        throw new Error(`${request.url} answered ${response.status}: ${this.text}`);
      }
      return;
    }
    throw new Error(`more than ${maxRedirects} redirects, last to ${this.url}`);
  }

  // submit fills the form whose button carries the given words and sends it.
  // values maps label text to value; a label that is missing is an error.
  async submit(button, values = {}) {
    const form = this.#form(button);
    if (!form) throw new Error(`no button "${button}" on "${this.title}" at ${this.url}: ${this.text}`);
    const fields = form.getAttribute('enctype') === 'multipart/form-data' ? new FormData() : new URLSearchParams();
    const byName = new Map();
    for (const control of form.querySelectorAll('input, select, textarea')) {
      const name = control.getAttribute('name');
      const type = (control.getAttribute('type') ?? 'text').toLowerCase();
      if (!name || ['submit', 'button', 'reset', 'image'].includes(type)) continue;
      const tickable = type === 'checkbox' || type === 'radio';
      if (tickable && control.getAttribute('checked') === undefined) continue;
      byName.set(name, control.getAttribute('value') ?? (tickable ? 'on' : ''));
    }
    for (const [label, value] of Object.entries(values)) {
      byName.set(this.#fieldName(form, label), value);
    }
    for (const [name, value] of byName) fields.append(name, value);
    const pressed = this.#buttons(form).find((b) => words(b) === button);
    if (pressed.getAttribute('name')) fields.append(pressed.getAttribute('name'), pressed.getAttribute('value') ?? '');

    const here = this.url;
    const action = new URL(pressed.getAttribute('formaction') ?? form.getAttribute('action') ?? '', here);
    if ((form.getAttribute('method') ?? 'get').toLowerCase() === 'get') {
      action.search = fields.toString();
      return this.open(action.href);
    }
    return this.open(action.href, { method: 'POST', body: fields, origin: new URL(here).origin, referrer: here });
  }

  async follow(link) {
    const anchor = this.#page?.querySelectorAll('a[href]').find((a) => words(a) === link);
    if (!anchor) throw new Error(`no link "${link}" on "${this.title}" at ${this.url}`);
    return this.open(new URL(anchor.getAttribute('href'), this.url).href);
  }

  offers(button) {
    return Boolean(this.#form(button));
  }

  asks(label) {
    return this.#page?.querySelectorAll('label').some((l) => words(l) === label) ?? false;
  }

  #buttons(form) {
    return form.querySelectorAll('button, input[type=submit]');
  }

  #form(button) {
    return this.#page?.querySelectorAll('form').find((form) => this.#buttons(form).some((b) => words(b) === button));
  }

  #fieldName(form, label) {
    const element = form.querySelectorAll('label').find((l) => words(l) === label);
    if (!element) throw new Error(`no field "${label}" on "${this.title}" at ${this.url}: ${this.text}`);
    const id = element.getAttribute('for');
    const control = id ? form.querySelector(`[id="${id}"]`) : element.querySelector('input, select, textarea');
    if (!control?.getAttribute('name')) throw new Error(`the label "${label}" belongs to no named field`);
    return control.getAttribute('name');
  }

  #keepCookies(url, response) {
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';').map((part) => part.trim());
      const at = pair.indexOf('=');
      const name = pair.slice(0, at);
      const attribute = (wanted) => {
        const found = attributes.find((a) => a.toLowerCase().startsWith(`${wanted}=`));
        return found?.slice(wanted.length + 1);
      };
      const key = `${url.host} ${attribute('path') ?? '/'} ${name}`;
      const gone = Number(attribute('max-age') ?? 1) <= 0 || new Date(attribute('expires') ?? '9999-01-01') < new Date();
      if (gone) this.#cookies.delete(key);
      else this.#cookies.set(key, { host: url.host, path: attribute('path') ?? '/', pair });
    }
  }

  #cookieHeader(url) {
    const within = (path) => url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
    return [...this.#cookies.values()]
      .filter((cookie) => cookie.host === url.host && within(cookie.path))
      .map((cookie) => cookie.pair)
      .join('; ');
  }
}

const words = (element) =>
  (element.getAttribute('aria-label') ?? (element.tagName === 'INPUT' ? element.getAttribute('value') : element.text) ?? '')
    .replace(/\s+/g, ' ')
    .trim();

// signIn walks the hosted pages from the authorization URL to the redirect URI
// and returns the URL that the client would receive. consent is the button that
// somebody presses whom the server asks whether the client may use the account.
export async function signIn(browser, url, person, consent) {
  await browser.open(url);
  if (!browser.arrived) await giveCredentials(browser, person);
  if (consent) await browser.submit(consent);
  if (!browser.arrived) throw new Error(`sign-in ended on "${browser.title}" at ${browser.url}: ${browser.text}`);
  return new URL(browser.url);
}

export async function giveCredentials(browser, { username, password }) {
  if (browser.asks('Password')) {
    await browser.submit('Sign in', { Username: username, Password: password });
  } else {
    await browser.submit('Sign in', { Username: username });
    await browser.submit('Continue', { Password: password });
  }
}

// connectDevice types the code that a device shows into the page that it names,
// compares, and signs in.
export async function connectDevice(browser, page, code, person) {
  await browser.open(page);
  await browser.submit('Continue', { Code: code });
  if (!browser.text.includes(code)) throw new Error(`${code} is not to be compared on "${browser.title}": ${browser.text}`);
  await browser.submit('The codes match');
  if (browser.asks('Username')) await giveCredentials(browser, person);
  if (!browser.title.startsWith('The device is connected')) {
    throw new Error(`the device is left on "${browser.title}" at ${browser.url}: ${browser.text}`);
  }
}

// signOut opens the end-session URL, confirms where the server asks, and
// returns the URL that the client would receive.
export async function signOut(browser, url) {
  await browser.open(url);
  if (!browser.arrived && browser.offers('Sign out')) await browser.submit('Sign out');
  if (!browser.arrived) throw new Error(`sign-out ended on "${browser.title}" at ${browser.url}: ${browser.text}`);
  return new URL(browser.url);
}
