// Runs the WebAuthn ceremony of a page and posts its result through the page's
// own form. The options came with the page: browsers, iOS above all, open their
// dialog only straight from a click, so nothing may be fetched in between.

/**
 * Options as the server writes them: the published shape with every binary
 * member in base64url.
 * @typedef {{
 *   challenge: string, timeout?: number, hints?: string[],
 *   user?: {id: string, name: string, displayName: string},
 *   excludeCredentials?: {id: string, type: "public-key", transports?: AuthenticatorTransport[]}[],
 *   allowCredentials?: {id: string, type: "public-key", transports?: AuthenticatorTransport[]}[],
 *   authenticatorSelection?: AuthenticatorSelectionCriteria,
 * }} Options
 */

const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-ceremony]"));
const creating = form.dataset.ceremony === "create";
const status = /** @type {HTMLElement} */ (form.querySelector("[data-status]"));
const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (form.querySelectorAll("button[data-start]"));

/** @param {string} text */
const decode = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

/** @param {ArrayBuffer} buffer */
const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** @param {Options["allowCredentials"]} list */
const decodeList = (list) => list?.map((c) => ({ ...c, id: decode(c.id) }));

/**
 * The options for a choice. A security key is asked for as such: browsers then
 * skip offers of phones and of this device's own store.
 * @param {Options} options @param {string | undefined} kind
 */
function prepare(options, kind) {
  const prepared = {
    ...options,
    challenge: decode(options.challenge),
    ...(options.user && { user: { ...options.user, id: decode(options.user.id) } }),
    ...(options.excludeCredentials && { excludeCredentials: decodeList(options.excludeCredentials) }),
    ...(options.allowCredentials && { allowCredentials: decodeList(options.allowCredentials) }),
  };
  if (!kind) return prepared;
  const key = kind === "security-key";
  prepared.hints = [key ? "security-key" : "client-device"];
  prepared.authenticatorSelection = {
    ...options.authenticatorSelection,
    authenticatorAttachment: key ? "cross-platform" : "platform",
  };
  return prepared;
}

/**
 * The credential as the server reads it.
 * @param {PublicKeyCredential} credential
 */
function serialize(credential) {
  const response = /** @type {any} */ (credential.response);
  /** @type {Record<string, unknown>} */
  const out = { clientDataJSON: encode(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) out[name] = encode(response[name]);
  }
  if (response.getTransports) {
    const known = ["usb", "nfc", "ble", "internal", "cable", "hybrid", "smart-card"];
    out.transports = response.getTransports().filter((/** @type {string} */ t) => known.includes(t));
  }
  return {
    type: "WebAuthn",
    id: credential.id,
    rawId: encode(credential.rawId),
    response: out,
    ...(credential.authenticatorAttachment && { authenticatorAttachment: credential.authenticatorAttachment }),
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

/** What keeps this browser at this address from using passkeys, if anything. */
function obstacle() {
  if (/^(\d+\.){3}\d+$|^\[/.test(location.hostname)) return "ip_address";
  if (!isSecureContext) return "insecure_origin";
  if (!window.PublicKeyCredential || !navigator.credentials) return "unsupported";
  return "";
}

/**
 * The name of a failure, as the page's templates have it.
 * @param {unknown} error @param {number} elapsed @param {number} timeout
 */
function failure(error, elapsed, timeout) {
  switch (error instanceof DOMException ? error.name : "") {
    case "AbortError":
      return "cancelled";
    case "NotAllowedError":
      // Browsers tell refusal and timeout apart by nothing but the clock.
      return elapsed > timeout - 1500 ? "timed_out" : "cancelled";
    case "InvalidStateError":
      return creating ? "already_registered" : "wrong_key";
    case "ConstraintError":
      return "no_pin";
    case "NotSupportedError":
      return creating ? "no_pin" : "unsupported";
    case "SecurityError":
      return obstacle() || "insecure_origin";
  }
  return "refused";
}

/** @param {string} name */
function show(name) {
  const template = form.querySelector(`template[data-failure="${name}"]`);
  if (!(template instanceof HTMLTemplateElement)) return;
  status.replaceChildren(template.content.cloneNode(true));
  // As the notices that come with a page: the focus goes there, and reads it.
  const notice = /** @type {HTMLElement} */ (status.querySelector(".notice"));
  const body = /** @type {HTMLElement} */ (notice.querySelector(".notice-body"));
  body.id = "failure"; // "outcome" may be that of what has come with the page
  notice.setAttribute("aria-labelledby", body.id);
  notice.tabIndex = -1;
  notice.focus();
}

/** @param {HTMLButtonElement} button */
async function start(button) {
  const kind = button.dataset.start;
  const options = /** @type {Options} */ (JSON.parse(form.dataset.options ?? "{}"));
  const publicKey = /** @type {any} */ (prepare(options, kind));
  const begun = performance.now();
  status.replaceChildren();
  for (const b of buttons) b.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    const credential = await (creating
      ? navigator.credentials.create({ publicKey })
      : navigator.credentials.get({ publicKey }));
    if (!(credential instanceof PublicKeyCredential)) throw new DOMException("none", "NotAllowedError");
    input("credential").value = JSON.stringify(serialize(credential));
    if (creating) input("kind").value = kind ?? "";
    form.submit();
  } catch (error) {
    for (const b of buttons) b.disabled = false;
    show(failure(error, performance.now() - begun, options.timeout ?? 60000));
    button.removeAttribute("aria-busy");
  }
}

/** @param {string} name */
const input = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

const obstructed = obstacle();
if (obstructed) show(obstructed);
for (const button of buttons) {
  button.disabled = obstructed !== "";
  button.addEventListener("click", () => start(button));
}
// After a step back in the history the page is used anew.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
