// Uses the web application of docs/how-to/sign-in-on-a-web-app.md.
import assert from 'node:assert/strict';
import { Browser, giveCredentials } from './browser.mjs';
import { done, peer, program } from './peer.mjs';

const server = program();
const home = peer.postLogoutRedirectUri;
const browser = new Browser();
await browser.open(home);
await browser.follow('Sign in');
await giveCredentials(browser, peer);
assert.deepEqual([browser.url, browser.text], [home, `Hello ${peer.username}. Sign out`]);

// What is no answer to this session's own question signs nobody in.
const stranger = new Browser();
await assert.rejects(stranger.open(`${peer.redirectUri}?code=made-up&state=made-up`), /answered 500/);
await stranger.open(home);
assert.equal(stranger.text, 'Sign in');

await browser.follow('Sign out');
await browser.submit('Sign out'); // which scripts do by themselves
assert.deepEqual([browser.url, browser.text], [home, 'Sign in']);
await browser.follow('Sign in');
assert.ok(browser.asks('Username'), `signed out, yet ${browser.url}: ${browser.text}`);
server.kill();
done();
