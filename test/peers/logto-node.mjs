// @logto/node, the SDK that Node.js applications of the reference use.
import assert from 'node:assert/strict';
import LogtoClient, { PersistKey, Prompt } from '@logto/node';
import { signIn, signOut } from './browser.mjs';
import { done, newBrowser, peer } from './peer.mjs';

const stored = new Map();
const storage = {
  getItem: async (key) => stored.get(key) ?? null,
  setItem: async (key, value) => void stored.set(key, value),
  removeItem: async (key) => void stored.delete(key),
};
let destination;
const client = new LogtoClient(
  { endpoint: peer.endpoint, appId: peer.clientId, appSecret: peer.clientSecret, scopes: ['profile'], prompt: Prompt.Consent },
  { storage, navigate: (url) => void (destination = url) },
);

const browser = newBrowser();
await client.signIn({ redirectUri: peer.redirectUri });
await client.handleSignInCallback((await signIn(browser, destination, peer)).href);
assert.equal(await client.isAuthenticated(), true);

const claims = await client.getIdTokenClaims();
assert.equal(claims.username, peer.username);
assert.equal((await client.fetchUserInfo()).sub, claims.sub);

// Forgetting the access token makes the SDK refresh.
const first = await client.getAccessToken();
await client.clearAccessToken();
const second = await client.getAccessToken();
assert.notEqual(second, first);
assert.equal((await client.fetchUserInfo()).username, peer.username);

// Several resources refresh at the same time; the SDK sends one refresh token twice.
await client.clearAccessToken();
const parallel = await Promise.all([client.getAccessToken(), client.getAccessToken()]);
assert.ok(parallel.every(Boolean));

const refreshToken = stored.get(PersistKey.RefreshToken);
assert.ok(refreshToken);
await client.signOut(peer.postLogoutRedirectUri);
await signOut(browser, destination);
assert.equal(await client.isAuthenticated(), false);

// The sign-in page is shown again: the session is gone.
await client.signIn({ redirectUri: peer.redirectUri });
await browser.open(destination);
assert.ok(!browser.arrived, `signed out, yet ${browser.url}`);

done();
