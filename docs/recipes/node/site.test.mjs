import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { connect } from "./site.mjs";
import { logIn, newSpace } from "./testkit.mjs";

const redirectUri = "http://localhost:3000/callback";
let glc, site;

beforeEach(async () => {
  glc = await newSpace();
  const asked = { redirect_uris: [redirectUri], id_token_alg: "RS256" };
  const { client_id: clientId, client_secret: clientSecret } = await glc.call("POST", "/clients", asked);
  site = await connect({ issuer: glc.issuer, clientId, clientSecret, redirectUri });
});

afterEach(() => glc.call("DELETE"));

async function visit(...how) {
  const { address, session } = await site.login();
  return site.callback(await logIn(address, ...how), session);
}

test("Camille logs in", async () => {
  assert.equal((await visit("camille")).given_name, "Camille");
  const assertions = ["pkce_s256", "nonce_sent", "state_unguessable", "code_redeemed_once"];
  const { passed, results } = await glc.call("POST", "/journal/assertions", { assertions });
  assert.ok(passed, JSON.stringify(results));
});

test("Camille refuses", async () => {
  await assert.rejects(visit("camille", "refuses"), { error: "access_denied" });
});

test("a replayed ID Token logs nobody in", async () => {
  await glc.call("POST", "/faults", { name: "id_token_nonce_wrong" });
  await assert.rejects(visit("camille"), { code: "OAUTH_JWT_CLAIM_COMPARISON_FAILED" });
});
