// What the pages of this folder share: where Signet is, buttons, and a list of
// facts for the test to read.
export const settings = await (await fetch('/settings.json')).json();
export const home = `${location.origin}/`;
export const callback = `${location.origin}/callback`;

export function claimsOf(jwt) {
  const payload = jwt.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
  return JSON.parse(atob(payload));
}

// tell replaces the facts of the page; what is undefined is left out.
export function tell(heading, facts = {}) {
  document.querySelector('h1').textContent = heading;
  const lines = Object.entries(facts).filter(([, value]) => value !== undefined).map(([name, value]) => {
    const line = document.createElement('li');
    line.textContent = `${name} = ${[value].flat().join(' ')};`;
    return line;
  });
  document.querySelector('ul').replaceChildren(...lines);
}

// fail tells an error by its code, where it has one.
export const fail = (error) => tell('Refused', { error: error.error ?? error.code ?? error.name, message: error.message });

export function offer(words, action) {
  const button = document.createElement('button');
  button.textContent = words;
  button.addEventListener('click', () => action().catch(fail));
  document.body.append(button);
}
