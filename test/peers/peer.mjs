// What every peer test gets from the Go side, and how it answers.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { Browser } from './browser.mjs';

const need = (name) => process.env[name] ?? assert.fail(`${name} is not set`);

export const peer = {
  issuer: need('ISSUER'),
  endpoint: need('ISSUER').replace(/\/oidc$/, ''),
  clientId: need('CLIENT_ID'),
  clientSecret: process.env.CLIENT_SECRET || undefined,
  redirectUri: need('REDIRECT_URI'),
  postLogoutRedirectUri: need('POST_LOGOUT_REDIRECT_URI'),
  resource: process.env.RESOURCE,
  organization: process.env.ORGANIZATION,
  username: need('USERNAME'),
  password: need('PASSWORD'),
};

export const newBrowser = () => new Browser(peer.redirectUri, peer.postLogoutRedirectUri);

export const claimsOf = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));

// program starts the program of a how-to or the server of an application, with
// the socket of the Go side where there is one, and ends it with the script.
export function program() {
  const child = spawn(process.execPath, [need('PROGRAM')], { stdio: ['ignore', 'pipe', 'inherit', process.env.SOCKET ? 3 : 'ignore'] });
  process.once('exit', () => child.kill());
  return child;
}

// done is the last line of a run that asserted everything; the Go side looks
// for it, so that a script that ends early does not pass.
export const done = () => console.log('peer done');
