// Runs the machine of docs/how-to/call-an-api-from-a-machine.md against an API.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { claimsOf, done, peer } from './peer.mjs';

const api = createServer().listen(0, '127.0.0.1');
await once(api, 'listening');
process.env.ORDERS = `http://127.0.0.1:${api.address().port}/orders`;
const asked = once(api, 'request');
const program = import(process.env.PROGRAM);
const [request, response] = await asked;
response.end();
const [scheme, token] = request.headers.authorization.split(' ');
const { iss, aud, sub, client_id, scope } = claimsOf(token);
assert.deepEqual(
  [scheme, iss, aud, sub, client_id, scope],
  ['Bearer', peer.issuer, peer.resource, peer.clientId, peer.clientId, 'read:orders'],
);
assert.equal(await (await program).accessToken(), token, 'a token is used until it expires');
api.close();
api.closeAllConnections();
done();
