// A machine that uses an MCP server in its own name: the client of the MCP SDK
// with its provider for client credentials.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { serve } from './mcp-server.mjs';
import { done, peer } from './peer.mjs';

const url = new URL(peer.resource);
const server = await serve(peer.issuer, url, { fd: 3 });

const connect = async (clientSecret) => {
  const authProvider = new ClientCredentialsProvider({
    clientId: peer.clientId, clientSecret, scope: 'tide:read tide:write', expectedIssuer: peer.issuer,
  });
  const client = new Client({ name: 'harbour-clock', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(url, { authProvider }));
  return client;
};

const client = await connect(peer.clientSecret);
const { content } = await client.callTool({ name: 'tide' });
assert.deepEqual(JSON.parse(content[0].text), { sub: peer.clientId, clientId: peer.clientId, scopes: ['tide:read'] });
await assert.rejects(connect('wrong'), { name: 'InvalidClientError' });

await client.close();
server.close();
server.closeAllConnections();
done();
