// What OpenTelemetry's own decoder reads of the request in the file that is named: one JSON
// line. Texts as they are, numbers of 64 bits as texts.
const fs = require("fs");
const root = require("@opentelemetry/otlp-transformer/build/src/generated/root");

const Request = root.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
const bytes = fs.readFileSync(process.argv[2]);
const read = Request.toObject(Request.decode(bytes), { longs: String, defaults: false });
const again = Buffer.from(Request.encode(Request.fromObject(read)).finish());
console.log(JSON.stringify({ read, isCanonical: again.equals(bytes) }));
