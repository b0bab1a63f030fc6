// A Node site that logs in with GrandLyonConnect, by openid-client: the two halves of a login. What `login` returns
// beside the address belongs in the visitor's session.
import * as client from "openid-client";

export async function connect({ issuer, clientId, clientSecret, redirectUri }) {
  const { origin } = new URL(redirectUri);
  const options = {
    // Node's fetch says Sec-Fetch-Mode: cors, as a browser's script; GrandLyonConnect then wants to know of which site.
    [client.customFetch]: (url, asked) => fetch(url, { ...asked, headers: { ...asked.headers, origin } }),
    execute: issuer.startsWith("http://localhost") ? [client.allowInsecureRequests] : [],
  };
  // In the form: openid-client encodes a Basic header as RFC 6749 says, and GrandLyonConnect does not decode it.
  const secret = client.ClientSecretPost(clientSecret);
  const provider = await client.discovery(new URL(issuer), clientId, undefined, secret, options);
  return {
    async login() {
      const session = {
        verifier: client.randomPKCECodeVerifier(),
        state: client.randomState(),
        nonce: client.randomNonce(),
      };
      const address = client.buildAuthorizationUrl(provider, {
        redirect_uri: redirectUri,
        scope: "openid profile email",
        code_challenge: await client.calculatePKCECodeChallenge(session.verifier),
        code_challenge_method: "S256",
        state: session.state,
        nonce: session.nonce,
      });
      return { address: address.href, session };
    },

    /** The user's claims; throws when the answer is not what it should be. */
    async callback(address, session) {
      const tokens = await client.authorizationCodeGrant(provider, new URL(address), {
        pkceCodeVerifier: session.verifier,
        expectedState: session.state,
        expectedNonce: session.nonce,
        idTokenExpected: true,
      });
      return client.fetchUserInfo(provider, tokens.access_token, tokens.claims().sub);
    },
  };
}
