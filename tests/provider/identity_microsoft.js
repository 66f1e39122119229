/*
 * Microsoft's own client, asked for a token: node identity_microsoft.js MODULES KIND JSON.
 * What it sends is compared with what we send by identity_microsoft.py.
 */
"use strict";
const [, , modules, kind, text] = process.argv;
const azure = require(`${modules}/@azure/identity`);
const o = JSON.parse(text);
const options = { authorityHost: o.authority, disableInstanceDiscovery: true };
const makers = {
  secret: () => new azure.ClientSecretCredential(o.tenant, o.client, o.secret, options),
  certificate: () =>
    new azure.ClientCertificateCredential(
      o.tenant, o.client,
      { certificatePath: o.certificate, certificatePassword: o.password },
      { ...options, sendCertificateChain: o.chain === true }),
  workload: () =>
    new azure.WorkloadIdentityCredential({
      tenantId: o.tenant, clientId: o.client, tokenFilePath: o.file, ...options }),
  managed: () =>
    new azure.ManagedIdentityCredential({
      clientId: o.client, objectId: o.object, resourceId: o.resource }),
};
makers[kind]()
  .getToken(`${o.audience}/.default`)
  .then((token) => console.log("token " + token.token))
  .catch((error) => {
    console.log("error " + String(error.message).split("\n")[0]);
    process.exitCode = 1;
  });
