// The conformance suite of MCP, of which this is the part for authorization
// servers. It prints an address for a person to open, and judges the answers.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Browser, giveCredentials } from './browser.mjs';
import { done, peer } from './peer.mjs';

const results = await mkdtemp(join(tmpdir(), 'mcp-conformance-'));
const port = new URL(peer.redirectUri).port;
const suite = spawn(process.execPath, [
  '--import', './node20.mjs',
  'node_modules/@modelcontextprotocol/conformance/dist/index.js', 'authorization',
  '--url', peer.issuer, '--client-id', peer.clientId,
  '--resource', peer.resource, '--port', port, '--output-dir', results,
], { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = new Promise((resolve) => suite.once('exit', resolve));

const browser = new Browser();
const said = [];
for await (const line of createInterface({ input: suite.stdout })) {
  said.push(line);
  if (!line.startsWith(`${peer.issuer}/auth?`)) continue;
  await browser.open(line);
  await giveCredentials(browser, peer);
}
assert.equal(await ended, 0, said.join('\n'));

const checks = {};
for (const scenario of await readdir(results)) {
  for (const { id, status, errorMessage } of JSON.parse(await readFile(join(results, scenario, 'checks.json')))) {
    checks[id] = errorMessage ? `${status}: ${errorMessage}` : status;
  }
}
await rm(results, { recursive: true });
assert.deepEqual(checks, {
  'authorization-server-metadata': 'SUCCESS',
  'authorization-server-metadata-cimd': 'SUCCESS',
  'authorization-code-grant': 'SUCCESS',
});
done();
