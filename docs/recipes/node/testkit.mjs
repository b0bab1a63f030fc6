// A client of the testkit: a provider of its own for each test, and a login without a browser.
const base = process.env.GLC_TESTKIT_URL ?? "http://localhost:8040/";

async function call(method, url, key, content) {
  const headers = { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
  const answer = await fetch(url, { method, headers, body: content && JSON.stringify(content) });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${said}`);
  return said && JSON.parse(said);
}

/** An isolated provider: `space.call("POST", "/faults", { name: "…" })`, and so on. */
export async function newSpace(options = {}) {
  const space = await call("POST", `${base}_testkit/spaces`, undefined, options);
  return { ...space, call: (method, path = "", content) => call(method, space.control_url + path, space.control_key, content) };
}

/** Follow the authorization request as a browser would; the address at the site where it ends. */
export async function logIn(url, account, does = "accepts") {
  const home = new URL(url).origin, cookies = {};
  while (new URL(url).origin === home) {
    const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", headers: { cookie, "x-glc-login": `${account};does=${does}` } });
    for (const one of answer.headers.getSetCookie()) {
      const [name, value] = one.split(";")[0].split(/=(.*)/s);
      cookies[name] = value;
    }
    if (!answer.headers.has("location")) throw new Error(`stopped at ${url}: ${answer.status} ${await answer.text()}`);
    url = new URL(answer.headers.get("location"), url).href;
  }
  return url;
}
