// One journey of a site that uses openid-client: what it is to do comes as JSON in the first line of its input. It
// prints where to send the user, reads what the user came back with, and prints what it got in the end.
import * as net from 'node:net';
import * as http from 'node:http';
import { createInterface } from 'node:readline';
import { Issuer, custom, generators } from 'openid-client';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value);
const say = (what) => console.log(JSON.stringify(what));

const asked = await read();
// The provider's issuer names one port for all tests; it listens on another.
const agent = new http.Agent();
agent.createConnection = (_options, done) => net.connect({ host: '127.0.0.1', port: asked.port }, done);
custom.setHttpOptionsDefaults({ agent, timeout: 20000 });

try {
  const issuer = await Issuer.discover(asked.issuer);
  const client = new issuer.Client(asked.metadata, asked.jwks);
  client[custom.clock_tolerance] = 5;

  const verifier = generators.codeVerifier();
  const checks = {
    state: generators.state(),
    nonce: generators.nonce(),
    response_type: asked.parameters.response_type,
    ...(asked.parameters.response_type.includes('code') ? { code_verifier: verifier } : {}),
  };
  const parameters = {
    ...asked.parameters,
    state: checks.state,
    nonce: checks.nonce,
    ...(checks.code_verifier
      ? { code_challenge: generators.codeChallenge(verifier), code_challenge_method: 'S256' }
      : {}),
  };
  let where;
  if (asked.par) {
    const pushed = await client.pushedAuthorizationRequest(parameters);
    where = client.authorizationUrl({ request_uri: pushed.request_uri });
  } else if (asked.request_object) {
    where = client.authorizationUrl({ ...asked.parameters, request: await client.requestObject(parameters) });
  } else {
    where = client.authorizationUrl(parameters);
  }
  say({ open: where });

  const back = await read();
  const answer = back.form
    ? client.callbackParams({ method: 'POST', url: '/callback', body: back.form })
    : client.callbackParams(back.url.includes('#') ? back.url.replace('#', '?') : back.url);
  let tokens = await client.callback(asked.metadata.redirect_uris[0], answer, checks);
  const got = { claims: tokens.claims() };
  if (tokens.access_token) got.userinfo = await client.userinfo(tokens.access_token);
  if (asked.refresh) {
    tokens = await client.refresh(tokens);
    got.refreshed = tokens.claims();
  }
  if (asked.introspect) got.introspected = await client.introspect(tokens.access_token);
  if (asked.revoke) {
    await client.revoke(tokens.access_token);
    got.afterwards = await client.userinfo(tokens.access_token).then(() => 'alive', (error) => error.error);
  }
  if (asked.logout) {
    got.logout = client.endSessionUrl({ id_token_hint: tokens.id_token, state: 'bye', ...asked.logout });
  }
  say({ got });
} catch (error) {
  say({ failed: `${error.name}: ${error.message}` });
}
process.exit(0);
