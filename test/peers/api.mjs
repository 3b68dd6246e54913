// The typed client of the Management API, and what scripts demand of its answers.
import assert from 'node:assert/strict';
import { createManagementApi } from '@logto/api/management';
import { peer } from './peer.mjs';

export const { apiClient: api } = createManagementApi('default', {
  clientId: peer.clientId,
  clientSecret: peer.clientSecret,
  baseUrl: peer.endpoint,
});

// ok returns what a call that must succeed with status answered.
export const ok = async (status, call) => {
  const { data, error, response } = await call;
  assert.equal(response.status, status, `${response.url}: ${JSON.stringify(error)}`);
  return data;
};
// refused demands that a call is refused in the one shape that errors have.
export const refused = async (status, code, call) => {
  const { data, error, response } = await call;
  assert.equal(response.status, status, response.url);
  assert.equal(data, undefined);
  assert.equal(error.code, code, JSON.stringify(error));
  assert.equal(typeof error.message, 'string');
  assert.ok(error.message.length > 0);
  return error;
};
export const byId = (id) => ({ params: { path: { id } } });
export const byUser = (userId) => ({ params: { path: { userId } } });
