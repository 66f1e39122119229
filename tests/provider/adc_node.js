// Google's library for node, asked for a token: node adc_node.js JSON, which holds {host, scopes,
// credential}; without a credential, of the metadata server. What it sends is compared with what
// we send by adc_node.py.
"use strict";
const { GoogleAuth, Compute } = require("google-auth-library");
const told = JSON.parse(process.argv[2]);

// Whatever is for Google goes to the fake, also what the client of a client asks.
function lead(client) {
  client.transporter.interceptors.request.add({ resolved: async (config) => {
    const url = new URL(config.url);
    if (url.hostname.endsWith(".googleapis.com")) {
      config.url = new URL(told.host + url.pathname + url.search);
    }
    return config;
  } });
  if (client.sourceClient) lead(client.sourceClient);
}

async function token() {
  if (told.credential === undefined) {
    return (await new Compute({ scopes: told.scopes }).getAccessToken()).token;
  }
  const client = new GoogleAuth({ scopes: told.scopes }).fromJSON(told.credential);
  client.scopes = told.scopes;
  lead(client);
  if (told.is_self_signed) {
    client.useJWTAccessWithScope = true;
    const headers = await client.getRequestHeaders("https://logging.googleapis.com/");
    return headers.get("authorization").slice("Bearer ".length);
  }
  return (await client.getAccessToken()).token;
}

token()
  .then((text) => console.log("token " + text))
  .catch((problem) => { console.error(problem.stack); process.exit(1); });
