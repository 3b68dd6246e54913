// The client of the MCP SDK, which finds Signet through the MCP server of
// docs/how-to/protect-an-mcp-server.md, and signs somebody in.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { signIn } from './browser.mjs';
import { claimsOf, done, newBrowser, peer, program } from './peer.mjs';

const url = new URL(peer.resource);
const described = peer.clientId.startsWith('https:');
const registers = !peer.clientId;
const server = program();

// What a client keeps; a real one keeps it on disk.
const kept = described || registers ? {} : { client: { client_id: peer.clientId, client_secret: peer.clientSecret } };
let destination;
const provider = {
  redirectUrl: peer.redirectUri,
  clientMetadataUrl: described ? peer.clientId : undefined,
  clientMetadata: {
    client_name: 'Harbour agent', redirect_uris: [peer.redirectUri],
    grant_types: ['authorization_code', 'refresh_token'], token_endpoint_auth_method: 'none',
  },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  state: () => 'harbour',
  redirectToAuthorization: (to) => void (destination = to),
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  codeVerifier: () => kept.verifier,
  invalidateCredentials: (which) => void (which === 'tokens' && (kept.tokens = undefined)),
};
const connect = async () => {
  const transport = new StreamableHTTPClientTransport(url, { authProvider: provider });
  const client = new Client({ name: 'harbour-agent', version: '1.0.0' });
  return { transport, client, connected: client.connect(transport) };
};
const tide = async (client) => {
  const { isError = false, content } = await client.callTool({ name: 'tide' });
  return { isError, text: content[0].text };
};

// Without a token, and with one that is none, the server says where to ask.
for (const authorization of ['', 'Bearer made-up']) {
  const refused = await fetch(url, { method: 'POST', headers: authorization ? { authorization } : {} });
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get('www-authenticate'), /resource_metadata="[^"]+\/\.well-known\/oauth-protected-resource\/mcp"/);
}

const first = await connect();
await assert.rejects(first.connected, UnauthorizedError);
const clientId = registers ? kept.client.client_id : peer.clientId;
assert.ok(clientId);
assert.equal(destination.origin + destination.pathname, `${peer.issuer}/auth`);
assert.deepEqual(
  ['client_id', 'resource', 'scope', 'prompt', 'state'].map((name) => destination.searchParams.get(name)),
  [clientId, peer.resource, 'tide:read offline_access', 'consent', 'harbour'],
);
const browser = newBrowser();
const answer = (await signIn(browser, destination.href, peer, described || registers ? 'Allow' : undefined)).searchParams;
assert.deepEqual([answer.get('state'), answer.get('iss')], ['harbour', peer.issuer]);
await first.transport.finishAuth(answer.get('code'));

const second = await connect();
await second.connected;
const permitted = process.env.PERMITTED;
const expected = permitted
  ? { isError: false, text: `High water at six, ${process.env.SUBJECT}.` }
  : { isError: true, text: 'tide:read is missing.' };
assert.deepEqual(await tide(second.client), expected);
const { aud, client_id, scope } = claimsOf(kept.tokens.access_token);
assert.deepEqual([aud, client_id, scope, kept.tokens.scope], [peer.resource, clientId, permitted, permitted]);

// A token that no longer counts makes the client refresh.
const before = kept.tokens;
assert.ok(before.refresh_token);
kept.tokens = { ...before, access_token: 'expired' };
assert.deepEqual(await tide(second.client), expected);
assert.notEqual(kept.tokens.access_token, before.access_token);
// Public clients get the next refresh token, too.
assert.equal(kept.tokens.refresh_token === before.refresh_token, Boolean(peer.clientSecret));

// What was granted is for this server alone.
const form = { client_id: clientId, ...(peer.clientSecret && { client_secret: peer.clientSecret }) };
const ask = async (path, body) =>
  fetch(`${peer.issuer}${path}`, { method: 'POST', body: new URLSearchParams({ ...form, ...body }) });
const elsewhere = await ask('/token', { grant_type: 'refresh_token', refresh_token: kept.tokens.refresh_token, resource: 'https://orders.example.com' });
assert.deepEqual([elsewhere.status, (await elsewhere.json()).error], [400, 'invalid_target']);

// Once everything is revoked the person is asked again.
assert.equal((await ask('/token/revocation', { token: kept.tokens.refresh_token })).status, 200);
kept.tokens = { ...kept.tokens, access_token: 'expired' };
destination = undefined;
await assert.rejects(tide(second.client), UnauthorizedError);
assert.equal(destination?.searchParams.get('client_id'), clientId);
assert.equal(kept.tokens, undefined);

await second.client.close();
server.kill();
done();
