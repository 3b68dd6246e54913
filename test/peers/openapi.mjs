// Redocly, which many lint their descriptions with, reads the published
// documents: their structure, and whether every example is what its schema says.
import assert from 'node:assert/strict';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { done, peer } from './peer.mjs';

const config = await createConfig({
  extends: ['spec'],
  rules: { 'no-invalid-media-type-examples': 'error', 'no-invalid-schema-examples': 'error', 'security-defined': 'error' },
});
const lint = async (source, name) => {
  const problems = await lintFromString({ source, absoluteRef: `/${name}.json`, config });
  return problems.map(({ ruleId, message, location }) => `${name}${location[0]?.pointer}: ${ruleId}: ${message}`);
};

for (const name of ['experience', 'management', 'user']) {
  const response = await fetch(`${peer.endpoint}/api/.well-known/${name}.openapi.json`);
  assert.equal(response.status, 200);
  const source = await response.text();
  assert.deepEqual(await lint(source, name), []);

  // A document that is wrong must not pass.
  const broken = JSON.parse(source);
  const [operation] = Object.values(Object.values(broken.paths)[0]);
  delete operation.responses;
  assert.notDeepEqual(await lint(JSON.stringify(broken), name), []);
}
done();
