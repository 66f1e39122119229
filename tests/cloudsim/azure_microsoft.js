// Microsoft's own clients against the fake: prints the ids of a window's events, one JSON line.
// Told by its first argument: {endpoint, subscription, first, last, arm, graph} (tokens).
const told = JSON.parse(process.argv[2]);

async function activity() {
  const { MonitorClient } = require("@azure/arm-monitor");
  const credential = {
    getToken: async () => ({ token: told.arm, expiresOnTimestamp: Date.now() + 3600000 }),
  };
  const client = new MonitorClient(credential, told.subscription, { endpoint: told.endpoint });
  const filter = `eventTimestamp ge '${told.first}' and eventTimestamp le '${told.last}'`;
  const ids = [];
  for await (const event of client.activityLogs.list(filter)) ids.push(event.eventDataId);
  return ids;
}

async function audits() {
  const { Client, PageIterator } = require("@microsoft/microsoft-graph-client");
  const client = Client.init({
    authProvider: (done) => done(null, told.graph),
    baseUrl: told.endpoint + "/",
    customHosts: new Set(["localhost"]),
  });
  const first = await client.api("/auditLogs/directoryAudits")
    .filter(`activityDateTime ge ${told.first} and activityDateTime le ${told.last}`)
    .orderby("activityDateTime").top(999).get();
  const ids = [];
  await new PageIterator(client, first, (event) => { ids.push(event.id); return true; }).iterate();
  return ids;
}

(async () => console.log(JSON.stringify({ activity: await activity(), audits: await audits() })))()
  .catch((problem) => { console.error(String(problem)); process.exit(1); });
