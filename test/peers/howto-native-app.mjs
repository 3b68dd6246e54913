// Signs in to the application of docs/how-to/sign-in-on-a-native-app.md.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Browser, giveCredentials } from './browser.mjs';
import { done, peer, program } from './peer.mjs';

const tidewater = program();
const ended = once(tidewater, 'exit');
const said = [];
for await (const line of createInterface({ input: tidewater.stdout })) {
  said.push(line);
  if (!line.startsWith('Open ')) continue;
  const browser = new Browser();
  await browser.open(line.slice('Open '.length));
  await giveCredentials(browser, peer);
  assert.equal(browser.text, 'Signed in. You can close this page.');
}
assert.deepEqual(await ended, [0, null], said.join('\n'));
assert.deepEqual(said.slice(1), [`Hello ${peer.username}`, 'Signed in for 3600 seconds more']);
done();
