// A machine that uses an MCP server in its own name: the client of the MCP SDK
// with its provider for client credentials.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { claimsOf, done, peer, program } from './peer.mjs';

const url = new URL(peer.resource);
const server = program();

const connect = async (clientSecret) => {
  const authProvider = new ClientCredentialsProvider({
    clientId: peer.clientId, clientSecret, scope: 'tide:read tide:write', expectedIssuer: peer.issuer,
  });
  const client = new Client({ name: 'harbour-clock', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(url, { authProvider }));
  return { client, claims: claimsOf(authProvider.tokens().access_token) };
};

const { client, claims } = await connect(peer.clientSecret);
assert.deepEqual([claims.aud, claims.sub, claims.scope], [peer.resource, peer.clientId, 'tide:read']);
const { content } = await client.callTool({ name: 'tide' });
assert.equal(content[0].text, `High water at six, ${peer.clientId}.`);
await assert.rejects(connect('wrong'), { name: 'InvalidClientError' });

await client.close();
server.kill();
done();
