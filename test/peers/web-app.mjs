// What every server-side web application is put through: somebody signs in on
// it, it knows who that is and has tokens for them, they sign out.
import assert from 'node:assert/strict';
import { Browser, giveCredentials } from './browser.mjs';
import { claimsOf, peer } from './peer.mjs';

// The application listens on a socket that the Go side has opened, so that its
// address was known when it was registered.
export const socket = { fd: 3 };

// settings are what the SDKs share.
export const settings = {
  endpoint: peer.endpoint,
  appId: peer.clientId,
  appSecret: peer.clientSecret,
  baseUrl: peer.postLogoutRedirectUri,
  resources: [peer.resource],
  scopes: ['profile', 'urn:logto:scope:organizations', 'read:orders', 'write:orders', 'invite'],
};

// walk uses the application whose handlers are below authRoutes and whose home
// page says in JSON what it knows.
export async function walk(authRoutes) {
  const browser = new Browser();
  const known = async (visitor) => {
    if (visitor.url !== `${settings.baseUrl}/`) await visitor.open(`${settings.baseUrl}/`);
    return JSON.parse(visitor.text);
  };
  assert.deepEqual(await known(browser), { isAuthenticated: false });

  await browser.open(`${authRoutes}/sign-in`);
  await giveCredentials(browser, peer);
  assert.equal(browser.url, `${settings.baseUrl}/`, browser.text);
  check(await known(browser));

  // An answer that nobody asked for signs nobody in.
  const stranger = new Browser();
  await stranger.open(`${authRoutes}/sign-in-callback?code=made-up&state=made-up`);
  assert.deepEqual(await known(stranger), { isAuthenticated: false });

  await browser.open(`${authRoutes}/sign-out`);
  if (browser.offers('Sign out')) await browser.submit('Sign out');
  assert.equal(browser.url, `${settings.baseUrl}/`, browser.text);
  assert.deepEqual(await known(browser), { isAuthenticated: false });
  await browser.open(`${authRoutes}/sign-in`);
  assert.ok(browser.asks('Username'), `signed out, yet ${browser.url}: ${browser.text}`);
}

// check compares what the application knows with the shop that the Go side set up.
function check({ isAuthenticated, claims, userInfo, accessToken, organizationTokens }) {
  assert.equal(isAuthenticated, true);
  assert.deepEqual([claims.iss, claims.aud, claims.username], [peer.issuer, peer.clientId, peer.username]);
  assert.deepEqual(claims.organizations, [peer.organization]);
  assert.deepEqual([userInfo.sub, userInfo.username], [claims.sub, peer.username]);
  const forAPI = claimsOf(accessToken);
  assert.deepEqual(
    [forAPI.iss, forAPI.aud, forAPI.scope, forAPI.sub, forAPI.client_id],
    [peer.issuer, peer.resource, 'read:orders write:orders', claims.sub, peer.clientId],
  );
  assert.deepEqual(Object.keys(organizationTokens), [peer.organization]);
  const forOrganization = claimsOf(organizationTokens[peer.organization]);
  assert.deepEqual([forOrganization.aud, forOrganization.scope], [`urn:logto:organization:${peer.organization}`, 'invite']);
}
