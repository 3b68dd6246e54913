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

// links are the ways in and out of an application with handlers below a path.
export const links = (path) => ({
  signIn: (browser) => browser.open(`${settings.baseUrl}${path}/sign-in`),
  signOut: (browser) => browser.open(`${settings.baseUrl}${path}/sign-out`),
});

// walk uses an application that says in JSON what it knows, on the first line of
// a page of its own, where its ways in and out begin.
export async function walk({ signIn, signOut }, page = '/') {
  const home = `${settings.baseUrl}/`;
  const browser = new Browser();
  const known = async (visitor) => {
    await visitor.open(new URL(page, home));
    return JSON.parse(visitor.text.split('\n')[0]);
  };
  assert.deepEqual(await known(browser), { isAuthenticated: false });

  await signIn(browser);
  await giveCredentials(browser, peer);
  assert.equal(browser.url, home, browser.text);
  check(await known(browser));

  // An answer that nobody asked for signs nobody in.
  const stranger = new Browser();
  await stranger.open(`${peer.redirectUri}?code=made-up&state=made-up`);
  assert.deepEqual(await known(stranger), { isAuthenticated: false });

  await signOut(browser);
  if (browser.offers('Sign out')) await browser.submit('Sign out');
  assert.equal(browser.url, home, browser.text);
  assert.deepEqual(await known(browser), { isAuthenticated: false });
  await signIn(browser);
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
