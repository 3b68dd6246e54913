// An MCP server that takes tokens of Signet, as docs/how-to/protect-an-mcp-server.md
// builds it.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
import { createRemoteJWKSet, jwtVerify } from 'jose';

// serve answers at url, the indicator of the API resource, once it knows issuer.
export async function serve(issuer, url, socket) {
  const oauthMetadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  const keys = createRemoteJWKSet(new URL(oauthMetadata.jwks_uri));

  const verifyAccessToken = async (token) => {
    const { payload } = await jwtVerify(token, keys, { issuer, audience: url.href, typ: 'at+jwt' }).catch((error) => {
      throw new InvalidTokenError(error.code);
    });
    return {
      token, clientId: payload.client_id, scopes: (payload.scope ?? '').split(' '), expiresAt: payload.exp,
      resource: new URL(payload.aud), extra: { sub: payload.sub },
    };
  };

  const app = express();
  app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: url, scopesSupported: ['tide:read', 'tide:write', 'offline_access'] }));
  const authorized = requireBearerAuth({
    verifier: { verifyAccessToken }, expectedResource: url, resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(url),
  });
  app.post(url.pathname, authorized, express.json(), async (request, response) => {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
    response.on('close', () => transport.close());
    await tools().connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
  return app.listen(socket);
}

function tools() {
  const server = new McpServer({ name: 'harbour', version: '1.0.0' });
  const allowed = (scope, answer) => async ({ authInfo }) =>
    authInfo.scopes.includes(scope)
      ? { content: [{ type: 'text', text: answer(authInfo) }] }
      : { isError: true, content: [{ type: 'text', text: `You may not: ${scope} is missing.` }] };
  server.registerTool('tide', {}, allowed('tide:read', ({ extra, clientId, scopes }) => JSON.stringify({ sub: extra.sub, clientId, scopes })));
  server.registerTool('set-tide', {}, allowed('tide:write', () => 'set'));
  return server;
}
