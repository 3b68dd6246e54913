// @logto/node, the SDK that Node.js applications of the reference use.
import assert from 'node:assert/strict';
import LogtoClient, { PersistKey, Prompt, UserScope } from '@logto/node';
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
  {
    endpoint: peer.endpoint, appId: peer.clientId, appSecret: peer.clientSecret, prompt: Prompt.Consent, resources: [peer.resource],
    scopes: ['profile', UserScope.Organizations, UserScope.OrganizationRoles, 'read:orders', 'write:orders', 'invite'],
  },
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

// Tokens for an API, for an organization and for the API within it.
const forAPI = await client.getAccessTokenClaims(peer.resource);
assert.deepEqual([forAPI.aud, forAPI.scope, forAPI.sub, forAPI.client_id], [peer.resource, 'read:orders write:orders', claims.sub, peer.clientId]);
assert.deepEqual(claims.organizations, [peer.organization]);
const forOrganization = await client.getOrganizationTokenClaims(peer.organization);
assert.deepEqual([forOrganization.aud, forOrganization.scope], [`urn:logto:organization:${peer.organization}`, 'invite']);
const [, payload] = (await client.getAccessToken(peer.resource, peer.organization)).split('.');
const within = JSON.parse(Buffer.from(payload, 'base64url'));
assert.deepEqual([within.aud, within.organization_id, within.scope], [peer.resource, peer.organization, 'read:orders write:orders']);
assert.deepEqual((await client.fetchUserInfo()).organization_roles, [`${peer.organization}:clerk`]);
await assert.rejects(client.getOrganizationToken('elsewhere'));

// All of them at once, from one refresh token.
await client.clearAccessToken();
const several = await Promise.all([
  client.getAccessToken(), client.getAccessToken(peer.resource), client.getOrganizationToken(peer.organization),
]);
assert.equal(new Set(several).size, 3);

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
