// Google's own library against the fake: prints the ids of a filter's entries, one JSON line.
// Told by its first argument: {endpoint, key, names, filter, host} (key: of a service account;
// host: the fake of Google's token services, where its assertions go).
// Not @google-cloud/logging: over REST it refuses every audit entry, whose type it does not know.
const { GoogleAuth } = require("google-auth-library");
const told = JSON.parse(process.argv[2]);

async function signIn() {
  const auth = new GoogleAuth({
    credentials: told.key, scopes: ["https://www.googleapis.com/auth/logging.read"],
  });
  const client = await auth.getClient();
  // Its endpoint for keys is a constant.
  client.transporter.interceptors.request.add({ resolved: async (config) => {
    const url = new URL(config.url);
    if (url.hostname === "oauth2.googleapis.com") config.url = new URL(told.host + url.pathname);
    return config;
  } });
  return client;
}

async function entries(client) {
  const found = [];
  const query = {
    resourceNames: told.names, filter: told.filter, orderBy: "timestamp asc", pageSize: 100,
  };
  do {
    const { data } = await client.request({
      url: `${told.endpoint}/v2/entries:list`, method: "POST", data: query,
      retry: true, retryConfig: { httpMethodsToRetry: ["POST"], retryDelay: 1 },
    });
    found.push(...(data.entries ?? []).map((entry) => entry.insertId));
    query.pageToken = data.nextPageToken;
  } while (query.pageToken);
  return found;
}

signIn().then(entries)
  .then((ids) => console.log(JSON.stringify(ids)))
  .catch((problem) => { console.error(problem.stack); process.exit(1); });
