// One login of a site that uses openid-client, at a provider that may lie: what the site registered comes as JSON in
// each line of its input. It prints where to send the user, reads the address the user came back to, and prints how far
// it got: the step that refused and its words, or nothing.
import { createInterface } from 'node:readline';
import { Issuer, custom, generators } from 'openid-client';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => {
  const { value, done } = await lines.next();
  return done ? null : JSON.parse(value);
};
const say = (what) => console.log(JSON.stringify(what));
custom.setHttpOptionsDefaults({ timeout: 5000 });

for (let asked = await read(); asked; asked = await read()) {
  let step = 'discovery';
  try {
    const issuer = await Issuer.discover(asked.issuer);
    step = 'request';
    const client = new issuer.Client(asked.metadata);
    client[custom.clock_tolerance] = 5;
    const { max_age } = asked;
    const verifier = generators.codeVerifier();
    const response_type = asked.metadata.response_types[0];
    const checks = {
      state: generators.state(), nonce: generators.nonce(), response_type, code_verifier: verifier, max_age,
    };
    say({
      open: client.authorizationUrl({
        redirect_uri: asked.metadata.redirect_uris[0],
        response_type,
        scope: 'openid profile email',
        state: checks.state,
        nonce: checks.nonce,
        max_age,
        code_challenge: generators.codeChallenge(verifier),
        code_challenge_method: 'S256',
      }),
    });
    step = 'callback';
    const { url } = await read();
    const answer = client.callbackParams(url.replace('#', '?'));
    const tokens = await client.callback(asked.metadata.redirect_uris[0], answer, checks);
    step = 'userinfo';
    const userinfo = await client.userinfo(tokens);
    say({ got: { sub: userinfo.sub } });
  } catch (error) {
    say({ refused: step, why: `${error.name}: ${error.message}` });
  }
}
process.exit(0);
